//! `wt-orch plan FILE`: verdict, schedule and prediction; creates nothing.

use std::collections::BTreeMap;

use crate::cli::args::{PlanArgs, PlanFormat};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, ProblemFile};
use crate::cli::prepare::{Asked, limits, plan_with, prepare};
use crate::domain::plan::{
    ConflictCost, Host, PlanRequest, WhatIf, build, compare, conflict_costs, meet_deadline,
    parse_what_if,
};
use crate::domain::report::{Optimization, PlanAnswer, from_plan, optimization_report};
use crate::domain::task::TaskSet;
use crate::render::{ShellPlan, json_text, plan_mermaid, plan_shell, plan_text, report_markdown};

/// Runs it.
pub(crate) fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let prepared = prepare(context, &place, &args.planned.file.file)?;
    let what_ifs = what_ifs(&args.what_if, &prepared.set, &place.settings.capacity)?;
    let format = if context.streams.json { PlanFormat::Json } else { args.format };
    let asked = Asked {
        deadline: args.deadline.map(|limit| limit.as_secs_f64()),
        // The report holds the plan against others of changed requests, too.
        compared: !what_ifs.is_empty() || args.deadline.is_some() || format == PlanFormat::Md,
        ..Asked::by(&args.planned)
    };
    let made = plan_with(context, &place, &prepared, &asked, |request| {
        let answer = answer(request, &what_ifs)?;
        let costs = match format {
            PlanFormat::Md => conflict_costs(request, &answer.plan)?,
            PlanFormat::Text | PlanFormat::Mermaid | PlanFormat::Sh | PlanFormat::Json => {
                Vec::new()
            }
        };
        Ok(Made { answer, costs, host: request.host, slots: request.slots })
    })?;
    let Made { answer, .. } = &made;
    let text = match format {
        PlanFormat::Text => plan_text(answer, context.streams.detail(), context.streams.out),
        PlanFormat::Md => report_markdown(&optimization_report(&Optimization {
            answer,
            costs: &made.costs,
            workflow: &prepared.name,
            at: context.clock.now(),
            file: &args.planned.file.file.to_string_lossy(),
            base: prepared.base,
            base_name: &prepared.base_name,
            target: prepared.target.as_deref(),
            host: made.host,
            slots: made.slots,
        })),
        PlanFormat::Mermaid => plan_mermaid(&answer.plan),
        PlanFormat::Sh => plan_shell(&ShellPlan {
            plan: &answer.plan,
            workflow: &prepared.name,
            base: prepared.base,
            target: prepared.target.as_deref(),
            personas: &limits(&place.settings).personas,
        }),
        PlanFormat::Json => json_text(&from_plan(answer, prepared.base)).unwrap_or_default(),
    };
    context.streams.raw(&text);
    if place.unapproved.is_some() {
        context.streams.note(
            "note: this repository's orchestrator.toml asks for commands or credentials that you \
             have not approved; `split` asks, `wt-orch config approve` shows and approves them",
        );
    }
    context.streams.hint(&format!("`wt-orch split {}` runs it", args.planned.file.file.display()));
    Ok(Exit::Done)
}

/// A plan with what some forms of it tell beside.
struct Made {
    answer: PlanAnswer,
    costs: Vec<ConflictCost>,
    host: Host,
    slots: usize,
}

fn answer(request: &PlanRequest<'_>, what_ifs: &[WhatIf]) -> Result<PlanAnswer, Failure> {
    let plan = build(request)?;
    let deadline = meet_deadline(request, &plan)?;
    let scenarios =
        if what_ifs.is_empty() { Vec::new() } else { compare(request, &plan, what_ifs)? };
    Ok(PlanAnswer { plan, scenarios, deadline })
}

/// All scenarios, or the problems of all of them.
fn what_ifs(
    texts: &[String],
    set: &TaskSet,
    capacity: &BTreeMap<String, u32>,
) -> Result<Vec<WhatIf>, Failure> {
    let mut read = Vec::new();
    let mut files = Vec::new();
    for text in texts {
        match parse_what_if(text, set, capacity) {
            Ok(what_if) => read.push(what_if),
            Err(problems) => {
                let name = "--what-if".to_owned();
                files.push(ProblemFile { name, text: text.clone(), problems });
            }
        }
    }
    if files.is_empty() { Ok(read) } else { Err(Failure::invalid("invalid_what_if", files)) }
}
