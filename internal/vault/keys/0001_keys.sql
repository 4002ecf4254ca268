-- The key store: bunches of wrapped data keys, apart from the database whose rows they seal. An erased key leaves zeros and the instant,
-- a bunch erased whole an empty value.
CREATE TABLE schema_version (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE TABLE data_key (
  id TEXT NOT NULL PRIMARY KEY,
  wrapped_sealed BYTEA NOT NULL,
  minted_at BIGINT NOT NULL,
  erased_at BIGINT NOT NULL
);
