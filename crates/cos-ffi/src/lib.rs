//! The C ABI of the COS client, for phones and for C and C++ programs.
