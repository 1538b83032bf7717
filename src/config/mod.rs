//! Settings in layers, each value with its origin: built-in values, the user's file, the
//! repository's file, `WT_ORCH_*` variables, the file given with `--config`, flags. What comes
//! later counts.
//!
//! Only `load.rs` reads files and the environment; everything else is given what it needs.

mod asked;
mod entry;
mod environment;
mod layer;
mod load;
mod read;
mod settings;
mod template;
mod test_modules;
mod variables;

pub use asked::Asked;
pub use entry::{Entry, Origin, Origins};
pub use environment::Environment;
pub use layer::Layer;
pub use load::{ConfigError, FileProblem, LoadRequest, Loaded, load, parse};
pub use settings::{
    ColorChoice, IntegrateSettings, NameError, Names, Persona, PlanSettings, RunSettings, Settings,
    UiSettings,
};
pub use template::{Template, TemplateError};
pub use variables::TASK_VARIABLES;
