//! Two models on the same faces.

use leptos::prelude::*;
use mien_engine::metrics::McNemar;

use crate::i18n::{language, t};
use crate::words;

/// A difference that is rarer than this by chance counts as one.
const SIGNIFICANT: f64 = 0.05;

/// Which of two models is better, and whether that may be chance.
#[component]
pub fn Comparison(test: McNemar, models: Vec<String>) -> impl IntoView {
    let [first, second] = [0, 1].map(|index| models.get(index).cloned().unwrap_or_default());
    let all = test.both_right + test.only_first + test.only_second + test.both_wrong;
    let share = |right: u64| words::percent_exactly(right as f64 / all.max(1) as f64);
    let figures = t!(
        "judge.compare.figures",
        first = first,
        first_share = share(test.both_right + test.only_first),
        second = second,
        second_share = share(test.both_right + test.only_second),
    );
    let p_value = if test.p_value < 0.0001 {
        format!("p < {}", language().decimal(0.0001, 4))
    } else {
        format!("p = {}", language().decimal(test.p_value, 4))
    };
    let verdict = if test.p_value >= SIGNIFICANT {
        t!("judge.compare.chance", p = p_value)
    } else {
        let better = if test.only_first > test.only_second {
            &first
        } else {
            &second
        };
        t!("judge.compare.better", p = p_value, model = better)
    };
    view! {
        <section
            class="comparison"
            data-testid="mcnemar"
            data-p=test.p_value.to_string()
            data-only-first=test.only_first.to_string()
            data-only-second=test.only_second.to_string()
        >
            <h3 class="part-title">{t!("judge.compare.title")}</h3>
            <p>{figures}</p>
            <p>{verdict}</p>
            <div class="scroll">
                <table class="numbers number">
                    <caption class="visually-hidden">{t!("judge.compare.caption")}</caption>
                    <thead>
                        <tr>
                            <td></td>
                            <th scope="col">{t!("judge.compare.right", model = second)}</th>
                            <th scope="col">{t!("judge.compare.wrong", model = second)}</th>
                        </tr>
                    </thead>
                    <tbody>
                        <tr>
                            <th scope="row">{t!("judge.compare.right", model = first)}</th>
                            <td>{test.both_right}</td>
                            <td>{test.only_first}</td>
                        </tr>
                        <tr>
                            <th scope="row">{t!("judge.compare.wrong", model = first)}</th>
                            <td>{test.only_second}</td>
                            <td>{test.both_wrong}</td>
                        </tr>
                    </tbody>
                </table>
            </div>
        </section>
    }
}
