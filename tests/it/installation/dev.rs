//! `loyalnest dev` from one start to the next.
