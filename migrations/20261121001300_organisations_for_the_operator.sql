-- What the operator and staff do about organisations' own ways in.

-- The operator opens all ways again to an organisation that has shut itself out.
grant update (enforced_at, open_ways) on organisation_identity to innkeeper_worker;
