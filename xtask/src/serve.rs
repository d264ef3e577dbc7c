//! A small static server for `dist/`. It sends no header that another host might not send, so
//! that what works here works anywhere.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow};
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

use crate::dist;

/// Requests answered at the same time.
const THREADS: usize = 4;

/// Serves until the process ends.
pub fn serve(port: u16, open_browser: bool) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = Server::http(address).map_err(|error| {
        anyhow!("could not listen on port {port} ({error}); choose another with --port")
    })?;
    let port = server
        .server_addr()
        .to_ip()
        .map_or(port, |address| address.port());
    let url = format!("http://localhost:{port}/");
    println!("Serving Mien at {url} (Ctrl-C stops)");
    if open_browser && let Err(error) = open::that(&url) {
        println!("No browser could be started ({error}); open the address yourself");
    }

    let server = Arc::new(server);
    let workers: Vec<_> = (0..THREADS)
        .map(|_| {
            let server = Arc::clone(&server);
            thread::spawn(move || {
                for request in server.incoming_requests() {
                    answer(request, &dist());
                }
            })
        })
        .collect();
    for worker in workers {
        // Only a panic ends a worker before the process.
        let _ = worker.join();
    }
    Ok(())
}

/// What a page cannot say of itself. The page does without them, since many hosts send none.
const SECURITY_HEADERS: [(&str, &str); 3] = [
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    (
        "Permissions-Policy",
        "camera=(self), microphone=(), geolocation=(), usb=(), payment=()",
    ),
    ("X-Content-Type-Options", "nosniff"),
];

fn answer(request: Request, dist: &Path) {
    let is_read = matches!(request.method(), Method::Get | Method::Head);
    let file = local_path(dist, request.url()).and_then(|path| {
        let bytes = fs::read(&path).ok()?;
        Some((bytes, media_type(&path)))
    });
    // A visitor who closed the connection is no fault of ours.
    let _ = match file {
        _ if !is_read => request.respond(Response::empty(StatusCode(405))),
        Some((bytes, media_type)) => {
            let header = |name: &str, value: &str| {
                Header::from_bytes(name, value).expect("header text is plain ASCII")
            };
            let mut response = Response::from_data(bytes)
                .with_header(header("Content-Type", media_type))
                .with_header(header("Cache-Control", "no-cache"));
            for (name, value) in SECURITY_HEADERS {
                response.add_header(header(name, value));
            }
            request.respond(response)
        }
        None => request.respond(Response::from_string("Not found").with_status_code(404)),
    };
}

/// The file that a request's path names, or `None` where it would leave `dist`.
fn local_path(dist: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.strip_prefix('/')?;
    let relative = Path::new(path);
    // Our own file names need no percent escapes, so none is decoded.
    if path.contains(['%', '\\'])
        || !relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let path = dist.join(relative);
    Some(if path.is_dir() {
        path.join("index.html")
    } else {
        path
    })
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_cannot_leave_the_folder() {
        let dist = Path::new("/srv/dist");
        for url in ["/../a", "/a/../../b", "//etc/passwd", "/%2e%2e/a", "a"] {
            assert_eq!(local_path(dist, url), None, "{url}");
        }
        assert_eq!(
            local_path(dist, "/models/a.mien?x=1"),
            Some(dist.join("models/a.mien"))
        );
    }
}
