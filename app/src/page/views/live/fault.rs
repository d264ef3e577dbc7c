//! Why nothing is live.

/// Each has a remedy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The page was not opened through https or localhost.
    InsecureOrigin,
    /// The visitor or the system refused the camera.
    NotAllowed,
    /// There is no camera.
    Absent,
    /// Another program has the camera.
    Busy,
    /// The camera was unplugged or taken away while it ran.
    Ended,
    /// The camera was stopped because the page was hidden.
    Hidden,
    /// The browser cannot play the video file.
    Unplayable,
    /// Something else.
    Other,
}

impl Fault {
    /// Its name in the page's hooks.
    pub fn name(self) -> &'static str {
        match self {
            Self::InsecureOrigin => "insecure-origin",
            Self::NotAllowed => "refused",
            Self::Absent => "absent",
            Self::Busy => "busy",
            Self::Ended => "ended",
            Self::Hidden => "hidden",
            Self::Unplayable => "unplayable",
            Self::Other => "other",
        }
    }
}
