//! Everything that reads bytes from outside, called as the product calls it. A reader may refuse
//! its bytes; it must not panic, and what it accepts must hold what its types promise.
//!
//! The fuzz targets call these functions, and so does a test of `mien-tests` on every kept input.

use mien_app::protocol::{Reply, Request};
use mien_engine::cpu;
use mien_engine::crop::{FaceCrop, SIDE};
use mien_engine::explain::{FaceParts, Method, Question};
use mien_engine::fer2013::{Cursor, FACE_PIXELS, Piece, read_piece};
use mien_engine::photo::MAX_PIXELS;
use mien_engine::plan::{FormatError, Plan, WeightStorage};
use mien_engine::runner::Batch;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::decode_photo;

/// Plans that cost more are read but not run, so that an input takes a moment only.
const MAX_COST: u64 = 1 << 20;
/// Pictures of more pixels are decoded but not cropped.
const MAX_CROPPED: usize = 1 << 16;

/// A photo's file.
pub fn photo(bytes: &[u8]) {
    let Ok(photo) = decode_photo(bytes) else {
        return;
    };
    let pixels = photo.width() * photo.height();
    assert!((1..=MAX_PIXELS).contains(&pixels));
    assert_eq!(photo.rgba().len(), 4 * pixels);
    if pixels <= MAX_CROPPED {
        assert_eq!(FaceCrop::whole(&photo).pixels.len(), SIDE * SIDE);
    }
}

/// FER2013's CSV, whole and in pieces.
pub fn csv(bytes: &[u8]) {
    let whole = read_piece(bytes, Cursor::default(), true, None);
    if let Ok(whole) = &whole {
        check_piece(whole, bytes);
    }
    let longest = bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map(<[u8]>::len);
    let longest = longest.max().unwrap_or(0).max(1);
    for length in [97, longest, 2 * longest + 1] {
        let read = read_in_pieces(bytes, length);
        // Pieces that hold every line change nothing; shorter ones refuse long lines.
        if length >= longest {
            assert_eq!(read.as_ref().ok(), whole.as_ref().ok());
        }
    }
}

fn read_in_pieces(bytes: &[u8], length: usize) -> Result<Piece, ()> {
    let mut all = Piece::default();
    loop {
        let start = all.end.byte as usize;
        let end = (start + length).min(bytes.len());
        let is_last = end == bytes.len();
        let piece = read_piece(&bytes[start..end], all.end, is_last, None).map_err(drop)?;
        check_piece(&piece, bytes);
        assert!(is_last || piece.end.byte > all.end.byte, "no progress");
        all.faces.extend(piece.faces);
        all.faulty.extend(piece.faulty);
        all.passed_over += piece.passed_over;
        all.end = piece.end;
        if is_last {
            return Ok(all);
        }
    }
}

fn check_piece(piece: &Piece, bytes: &[u8]) {
    assert!(piece.end.byte as usize <= bytes.len());
    assert!(
        piece
            .faces
            .iter()
            .all(|face| face.pixels.len() == FACE_PIXELS)
    );
    assert!(piece.faces.len() + piece.faulty.len() <= piece.end.line.max(1));
}

/// A model's file.
pub fn model(bytes: &[u8]) {
    if let Ok(plan) = Plan::from_bytes(bytes) {
        check_plan(&plan);
    }
}

/// A plan without its weights, as a model's file holds it: the weights that it asks for are put in,
/// so that damage in the layers is found by what reads layers, and not for a missing weight.
pub fn plan(header: &[u8]) {
    const MOST_WEIGHTS: usize = 1 << 16;
    let mut bytes = b"MIEN\x01\0\0".to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len() + MOST_WEIGHTS, 0);
    let mut read = Plan::from_bytes(&bytes);
    if let Err(FormatError::TooLong { extra }) = read {
        read = Plan::from_bytes(&bytes[..bytes.len() - extra]);
    }
    if let Ok(plan) = read {
        check_plan(&plan);
    }
}

fn check_plan(plan: &Plan) {
    assert_eq!(plan.check(), Ok(()));
    for storage in [WeightStorage::F16, WeightStorage::I8] {
        let again = Plan::from_bytes(&plan.to_bytes(storage));
        assert!(again.is_ok_and(|again| again.parameters() == plan.parameters()));
    }
    let multiple = plan.input.multiple.max(1);
    let [height, width] = plan.input.size.unwrap_or([multiple; 2]);
    let Ok(shapes) = plan.shapes(height, width) else {
        return;
    };
    let values: usize = shapes.iter().map(|shape| shape.len()).sum();
    let is_small = plan.macs(height, width).is_ok_and(|macs| macs <= MAX_COST);
    if !is_small || values as u64 > MAX_COST {
        return;
    }
    let mut runner = cpu::Runner::new(plan.clone()).expect("a checked plan runs");
    let data = vec![0.5; shapes[0].len()];
    let batch = Batch {
        data: &data,
        count: 1,
        height,
        width,
    };
    let outputs = runner.run(batch).expect("a checked plan runs");
    for (output, tensor) in outputs.iter().zip(&plan.outputs) {
        assert_eq!(output.len(), shapes[tensor.index()].len());
    }
}

/// A message between page and worker.
pub fn message(bytes: &[u8]) {
    travels::<Reply>(bytes);
    if let Some(Request::Ask {
        crop,
        landmarks,
        question,
        ..
    }) = travels(bytes)
    {
        assert_eq!(crop.to_gray().len(), SIDE * SIDE);
        drop(FaceParts::of(&landmarks, &crop));
        if let Question::Map {
            method: Method::Occlusion(options),
            ..
        } = question
            && options.check().is_ok()
        {
            assert!((1..=SIDE).contains(&options.places()));
        }
    }
}

/// Reads a message; one that is read travels again unchanged.
fn travels<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let message: T = postcard::from_bytes(bytes).ok()?;
    let sent = postcard::to_allocvec(&message).expect("plain data");
    let read: T = postcard::from_bytes(&sent).expect("what was sent is read");
    assert_eq!(postcard::to_allocvec(&read).expect("plain data"), sent);
    Some(message)
}
