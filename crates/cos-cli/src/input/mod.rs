//! Reading what people type.

pub(crate) mod age;
pub(crate) mod location;
pub(crate) mod moment;
pub(crate) mod pairs;
pub(crate) mod size;
pub(crate) mod window;
