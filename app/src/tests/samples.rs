//! Things to show. Every text that comes from people or servers is hostile.

use innkeeper_domain::{
    allowlist::{AllowedRange, Reach},
    capacity::{Capacity, Claim, Short},
    connection::{Credentials, Endpoint},
    handoff::HandoffState,
    ids::{OrganisationId, RunId, TenantId},
    name::TenantName,
    organisation::MemberRole,
    organisation_slug::OrganisationSlug,
    plan::{Extension, Limits, Plan},
    ports::Usage,
    run::{RunKind, RunState, StepState},
    secret::Secret,
    support::SupportNumber,
    tenant::{PerRole, TenantRole, TenantState},
};
use innkeeper_service::{
    context::field_error::TenantCode,
    organisations::OrganisationView,
    tenants::{
        RunLine, StepLine, TenantLine, TenantView,
        handoff::OpenHandoff,
        lifecycle::{BackupLine, CredentialsView, DangerView, PlanOffer, PlanView},
        onboarding::SetupView,
    },
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// Would run, or break out, wherever it is not escaped.
pub const EVIL: &str =
    "\"'></title></pre></textarea><script>alert(1)</script><img src=x onerror=alert(2)>&amp;";
pub const NOW: OffsetDateTime = datetime!(2026-11-21 01:20:12 UTC);

pub fn plan() -> Plan {
    Plan {
        name: "starter".into(),
        version: 1,
        label: EVIL.into(),
        summary: EVIL.into(),
        self_service: true,
        limits: Limits {
            connections: 50,
            role_connections: PerRole { owner: 5, app: 35, readonly: 10 },
            work_mem_mb: 4,
            effective_cache_size_mb: 256,
            storage_gb: 10,
            temp_file_limit_gb: 1,
            idle_in_transaction_minutes: 10,
        },
    }
}

pub fn reach() -> Reach {
    Reach::Only(vec![
        AllowedRange::parse("203.0.113.24").unwrap(),
        AllowedRange::parse("198.51.100.0/28").unwrap(),
    ])
}

pub fn endpoint() -> Endpoint {
    Endpoint { host: "db.example".into(), port: 5433 }
}

pub fn slug() -> OrganisationSlug {
    OrganisationSlug::parse("acme").unwrap()
}

pub fn organisation(role: MemberRole) -> OrganisationView {
    OrganisationView { id: OrganisationId(Uuid::nil()), name: EVIL.into(), slug: slug(), role, members: 2 }
}

pub fn tenant(state: TenantState, handoff: Option<HandoffState>) -> TenantView {
    TenantView {
        id: TenantId(Uuid::nil()),
        name: TenantName::parse("shop_k3v9x2").unwrap(),
        wish: EVIL.into(),
        organisation: EVIL.into(),
        organisation_id: OrganisationId(Uuid::nil()),
        organisation_slug: slug(),
        state,
        plan: plan(),
        region_label: EVIL.into(),
        server: None,
        endpoint: Some(endpoint()),
        major: 17,
        reach: reach(),
        extensions: vec![Extension::Pgcrypto],
        created_at: NOW,
        ready_at: Some(NOW + time::Duration::seconds(9)),
        role: MemberRole::Admin,
        handoff,
        first_connected_at: None,
        first_connected_role: None,
        first_connected_from: None,
        storage_full_at: None,
        run: Some((RunId(Uuid::nil()), RunState::Done, SupportNumber::stored("OB-7K3M-92QF".into()))),
    }
}

pub fn open_handoff() -> OpenHandoff {
    let password = |role| match role {
        TenantRole::Owner => "Rk6vJ8nQf2YtWb5XzHc9mD3g",
        TenantRole::App => "4hT9wqZrB2mKx7LdPc3VnYs8",
        TenantRole::ReadOnly => "p7ZsC3xKhM9dTq4LwVb2RfN6",
    };
    OpenHandoff {
        credentials: Credentials {
            endpoint: endpoint(),
            tenant: TenantName::parse("shop_k3v9x2").unwrap(),
            passwords: PerRole::make(|role| Secret::new(password(role))),
        },
        until: NOW + time::Duration::minutes(15),
        opened_at: NOW,
        from: Some("203.0.113.24".parse().unwrap()),
    }
}

pub fn step(name: &str, state: StepState) -> StepLine {
    StepLine {
        name: name.into(),
        state,
        attempts: 2,
        output: Some(EVIL.into()),
        error: (state == StepState::Failed).then(|| EVIL.into()),
        started_at: Some(NOW),
        finished_at: None,
        seconds: Some(1.9),
    }
}

pub fn run(state: RunState, steps: Vec<StepLine>) -> RunLine {
    RunLine {
        id: RunId(Uuid::nil()),
        kind: RunKind::Onboard,
        state,
        support_number: SupportNumber::stored("OB-7K3M-92QF".into()),
        created_at: NOW,
        finished_at: state.is_over().then_some(NOW),
        failure: (state != RunState::Running).then(|| EVIL.into()),
        steps,
    }
}

pub fn setup(state: RunState) -> SetupView {
    let steps = vec![
        step("check_capacity", StepState::Done),
        step("create_roles", if state == RunState::Running { StepState::Running } else { StepState::Failed }),
        step(EVIL, StepState::Waiting),
    ];
    let tenant_state =
        if state == RunState::Failed { TenantState::Failed } else { TenantState::Provisioning };
    SetupView {
        tenant: tenant(tenant_state, None),
        run: run(state, steps),
        elapsed_seconds: 12.3,
        changed_at: NOW,
        requested_by: EVIL.into(),
    }
}

pub fn line() -> TenantLine {
    TenantLine {
        name: "shop_k3v9x2".into(),
        wish: EVIL.into(),
        organisation: EVIL.into(),
        organisation_slug: slug(),
        state: TenantState::Active,
        plan_label: EVIL.into(),
        region_label: EVIL.into(),
        created_at: NOW,
        unconfirmed: true,
    }
}

pub fn usage() -> Usage {
    Usage {
        size_bytes: 8_500_000,
        connections: PerRole { owner: 0, app: 3, readonly: 1 },
        sessions: 9,
        cache_hit_percent: Some(99.4),
    }
}

/// A tenant whose newest run is this one, if there is one.
fn tenant_after(state: TenantState, run: Option<&RunLine>) -> TenantView {
    TenantView {
        run: run.map(|run| (run.id, run.state, run.support_number.clone())),
        ..tenant(state, Some(HandoffState::Confirmed))
    }
}

pub fn run_of(kind: RunKind, state: RunState) -> RunLine {
    let now = if state == RunState::Running { StepState::Running } else { StepState::Failed };
    let steps = vec![step("cut_off", StepState::Done), step(EVIL, now), step("wait", StepState::Waiting)];
    RunLine { kind, ..run(state, steps) }
}

pub fn danger(state: TenantState, run: Option<RunLine>) -> DangerView {
    let live = run.as_ref().is_some_and(|run| !matches!(run.state, RunState::Done | RunState::Failed));
    DangerView {
        tenant: tenant_after(state, run.as_ref()),
        run,
        live,
        removal_at: None,
        state_before: None,
        backup: None,
        usage: Some(usage()),
        admins: vec![EVIL.into(), "ola@acme.example".into()],
        now: NOW,
    }
}

pub fn backup() -> BackupLine {
    BackupLine {
        bytes: Some(1_200_000),
        created_at: NOW,
        read_back_at: Some(NOW + time::Duration::minutes(1)),
        kept_until: Some(NOW + time::Duration::days(37)),
    }
}

/// A tenant that waits for its removal.
pub fn waiting() -> DangerView {
    DangerView {
        removal_at: Some(NOW + time::Duration::days(7)),
        backup: Some(backup()),
        ..danger(TenantState::Destroying, Some(run_of(RunKind::Destroy, RunState::Done)))
    }
}

pub fn credentials(live: bool, age_days: i64) -> CredentialsView {
    let tenant = tenant_after(TenantState::Active, None);
    CredentialsView {
        roles: PerRole::make(|role| tenant.name.role(role)),
        tenant,
        usage: Some(usage()),
        changed_at: Some(NOW),
        age_days: Some(age_days),
        live,
    }
}

/// Why a place whose name is hostile takes no new database.
pub fn short() -> Short {
    let place = Capacity {
        place: EVIL.into(),
        draining: true,
        promised: Claim::NONE,
        databases: 1,
        connections: 1,
        connection_overcommit: 1,
        disk: None,
        storage_overcommit: 1,
        memory_mb: None,
        memory_overcommit: 1,
    };
    place.short(Claim::NONE, Claim::NONE).unwrap()
}

pub fn plans(live: bool) -> PlanView {
    let offer = |name: &str, connections, current, refused: bool| PlanOffer {
        plan: Plan { name: name.into(), limits: Limits { connections, ..plan().limits }, ..plan() },
        current,
        refused: refused
            .then(|| TenantCode::DataTooLarge { plan: EVIL.into(), stored_gb: 11, most_gb: 10 }.into()),
    };
    PlanView {
        tenant: tenant_after(TenantState::Active, None),
        offers: vec![
            offer("starter", 50, true, false),
            offer("small", 3, false, false),
            offer("enterprise", 500, false, true),
        ],
        usage: Some(usage()),
        run: None,
        live,
    }
}
