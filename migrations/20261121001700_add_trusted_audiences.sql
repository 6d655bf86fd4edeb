-- Whom the tokens of an organisation's own issuer may be for besides the portal.
alter table organisation_identity add trusted_audiences text[] not null default '{}';
