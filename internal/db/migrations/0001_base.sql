-- The schema of the first sale. One file for both engines, in the four types TEXT, BIGINT, BOOLEAN and BYTEA.
-- …_at is an instant in microseconds UTC, …_on an ISO date, …_minor euro cents, …_sealed is encrypted for one person and category,
-- …_bidx a keyed blind index, …_hash a digest. Every other TEXT is an id, a checked word, or stands in the reviewed list of public
-- columns (internal/app/holdings_test.go). What /* wide */ means says migrate.go.

CREATE TABLE schema_version (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- A lease is lost when beat stood still for the observer; every write of its holder carries epoch.
CREATE TABLE lease (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  beat BIGINT NOT NULL
);

-- edition: stored versions of the network file
CREATE TABLE edition ( /* wide */
  hash TEXT NOT NULL PRIMARY KEY,
  network TEXT NOT NULL,
  in_force_on TEXT NOT NULL,
  applied_at BIGINT NOT NULL,
  applied_by TEXT NOT NULL,
  bundle BYTEA NOT NULL
);

-- vault: which keys of the key store seal what of whom: a bunch of them, and the category of each in order
CREATE TABLE person_key (
  person_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  key_id TEXT NOT NULL,
  categories TEXT NOT NULL,
  assigned_at BIGINT NOT NULL,
  PRIMARY KEY (person_id, number)
);

-- audit
CREATE TABLE audit (
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  machine_at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  role TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  detail TEXT NOT NULL,
  PRIMARY KEY (at, id)
);
CREATE INDEX audit_object ON audit (object, at);

-- job: immediate work and its retries, on machine time; a finished job is deleted
CREATE TABLE job (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  object TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'failed')),
  due_at BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  error TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at, id) WHERE state <> 'failed';

-- auth: who signs in. The account's id is its person in the vault.
CREATE TABLE account (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('staff', 'pro', 'affiliate')),
  state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
  pro_id TEXT,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  name_sealed BYTEA NOT NULL,
  email_sealed BYTEA NOT NULL,
  email_bidx TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  totp_sealed BYTEA,
  totp_step BIGINT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  trained_on TEXT NOT NULL,
  duty_since BIGINT NOT NULL
);
CREATE INDEX account_pro ON account (pro_id);
-- Accounts that were made, closed or opened again, and at which the lifecycle has not looked since.
CREATE TABLE account_turn (
  account_id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
CREATE TABLE account_role (
  account_id TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (account_id, role)
);
CREATE TABLE account_trade (
  account_id TEXT NOT NULL,
  trade TEXT NOT NULL,
  PRIMARY KEY (account_id, trade)
);
-- Sessions and tickets keep the digest of what the browser or the message holds.
CREATE TABLE session (
  token_hash TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  fresh_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_over ON session (expires_at);
CREATE TABLE ticket (
  token_hash TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('invitation', 'sign-in', 'second-factor')),
  account_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  tries BIGINT NOT NULL
);
CREATE TABLE api_token (
  token_hash TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  revoked_at BIGINT NOT NULL
);
CREATE INDEX api_token_account ON api_token (account_id, created_at);
-- One answer per key: a double submit and a repeated API call find what the first one made.
CREATE TABLE submission (
  key_hash TEXT NOT NULL PRIMARY KEY,
  input_hash TEXT NOT NULL,
  object TEXT NOT NULL,
  at BIGINT NOT NULL
);

-- proof: the leaf is inserted with what it promises; proof_wait is what the sequencer has still to number
CREATE TABLE proof_leaf (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  object TEXT NOT NULL,
  person_id TEXT NOT NULL,
  category TEXT NOT NULL,
  commitment_hash BYTEA NOT NULL,
  salt_sealed BYTEA NOT NULL
);
CREATE TABLE proof_wait (
  at BIGINT NOT NULL,
  leaf_id TEXT NOT NULL,
  PRIMARY KEY (at, leaf_id)
);
CREATE TABLE proof_entry (
  position BIGINT NOT NULL PRIMARY KEY,
  leaf_id TEXT NOT NULL UNIQUE
);
CREATE TABLE proof_node (
  position BIGINT NOT NULL PRIMARY KEY,
  node_hash BYTEA NOT NULL
);
CREATE TABLE proof_checkpoint (
  size BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  note TEXT NOT NULL
);
-- A root of the log that is brought outside for many leaves, and how far it has come at each place. A message is there before anything is sent.
CREATE TABLE proof_anchor (
  size BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  leaves BIGINT NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('batch', 'wait'))
);
CREATE TABLE proof_laid (
  size BIGINT NOT NULL,
  place TEXT NOT NULL CHECK (place IN ('chain', 'stamp', 'witness')),
  message BYTEA NOT NULL,
  reference TEXT NOT NULL,
  evidence BYTEA NOT NULL,
  laid_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (size, place)
);
CREATE INDEX proof_laid_open ON proof_laid (place, size) WHERE laid_at = 0;
-- What was counted towards the next root, up to a position of the log.
CREATE TABLE proof_tally (
  name TEXT NOT NULL PRIMARY KEY,
  position BIGINT NOT NULL,
  leaves BIGINT NOT NULL,
  since_at BIGINT NOT NULL
);
-- The seed that breaks ties on one day: its digest is in the log before its first use.
CREATE TABLE proof_seed (
  day_on TEXT NOT NULL PRIMARY KEY,
  seed BYTEA NOT NULL,
  leaf_id TEXT NOT NULL
);

-- privacy
CREATE TABLE wording (
  hash TEXT NOT NULL PRIMARY KEY,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  words TEXT NOT NULL
);
CREATE TABLE consent (
  id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  object TEXT NOT NULL,
  consent TEXT NOT NULL,
  purpose TEXT NOT NULL,
  granted BOOLEAN NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('form', 'space', 'phone', 'api', 'paper', 'link', 'sms', 'email')),
  wording_hash TEXT NOT NULL,
  edition TEXT NOT NULL,
  at BIGINT NOT NULL,
  recipient TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  form_hash TEXT NOT NULL,
  reference TEXT NOT NULL,
  leaf_id TEXT NOT NULL,
  PRIMARY KEY (person_id, at, id)
);
-- Objections, a line for each step (GDPR art. 21): the last of a person and purpose says whether the purpose is served.
CREATE TABLE objection (
  person_id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  number BIGINT NOT NULL,
  row_id TEXT NOT NULL UNIQUE,
  object TEXT NOT NULL,
  said TEXT NOT NULL CHECK (said IN ('objected', 'taken-back', 'grounds', 'granted')),
  at BIGINT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('form', 'space', 'phone', 'paper', 'link', 'sms', 'email')),
  reference TEXT NOT NULL,
  by_account TEXT NOT NULL,
  edition TEXT NOT NULL,
  reason_sealed BYTEA NOT NULL,
  leaf_id TEXT NOT NULL,
  PRIMARY KEY (person_id, purpose, number)
);
-- What one record holds for one purpose since one instant, all categories together: a row for each would be most of the rows of a request.
-- No due date is stored: base is the instant from which the purpose's time counts, 0 while what it waits for lasts; it is due when base + the
-- duration of its purpose in the edition in force has passed.
CREATE TABLE holding (
  person_id TEXT NOT NULL,
  record TEXT NOT NULL,
  purpose TEXT NOT NULL,
  since BIGINT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('kept', 'archived')),
  base BIGINT NOT NULL,
  categories TEXT NOT NULL,
  PRIMARY KEY (person_id, record, purpose, since)
);
CREATE INDEX holding_due ON holding (purpose, phase, base, since);
-- What erased contacts leave for a time where the file says so: digests under a key that is not here.
CREATE TABLE remainder (
  purpose TEXT NOT NULL,
  value_bidx TEXT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (purpose, value_bidx)
);
-- A file that somebody needs for a dispute or that an authority asked to keep: nothing of it is erased before the hold ends.
CREATE TABLE legal_hold (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  record TEXT NOT NULL,
  ground TEXT NOT NULL CHECK (ground IN ('dispute', 'authority', 'audit', 'abuse')),
  reference TEXT NOT NULL,
  by_account TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  ended_by TEXT NOT NULL
);
CREATE INDEX legal_hold_person ON legal_hold (person_id, ended_at);
CREATE INDEX legal_hold_until ON legal_hold (until_at) WHERE ended_at = 0;
-- What was erased because a person asked, until it is certified: needles are what he was known by, sealed with a key of the house, looked for
-- everywhere once his keys are gone, and gone themselves with the certificate.
CREATE TABLE erasure (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  by_account TEXT NOT NULL,
  why TEXT NOT NULL,
  erased TEXT NOT NULL,
  kept TEXT NOT NULL,
  needles_sealed BYTEA NOT NULL,
  certified_at BIGINT NOT NULL,
  places BIGINT NOT NULL,
  certificate TEXT NOT NULL,
  leaf_id TEXT NOT NULL
);
CREATE INDEX erasure_open ON erasure (at) WHERE certified_at = 0;
CREATE INDEX erasure_at ON erasure (at, id);
-- Keys that are to be destroyed: written with the rows that were emptied, gone once the key store and the ledger of erasures have it.
CREATE TABLE key_end (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  record TEXT NOT NULL,
  categories TEXT NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('retention', 'right', 'archive'))
);

-- notify
CREATE TABLE message ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  object TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  kind TEXT NOT NULL,
  purpose TEXT NOT NULL, -- that of the consent on which it rests; empty when it rests on none
  to_sealed BYTEA NOT NULL,
  to_bidx TEXT NOT NULL,
  subject_sealed BYTEA NOT NULL,
  body_sealed BYTEA NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'refused', 'in-doubt', 'stopped')),
  tries BIGINT NOT NULL,
  sent_at BIGINT NOT NULL,
  machine_at BIGINT NOT NULL,
  sent_machine_at BIGINT NOT NULL,
  error TEXT NOT NULL
);
CREATE INDEX message_at ON message (at, id);
CREATE INDEX message_object ON message (object, at);
-- E-mail addresses at which mail did not arrive; one that is proved good again keeps its row, so that an old report does not speak against it.
CREATE TABLE bounce (
  to_bidx TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  status TEXT NOT NULL,
  cleared_at BIGINT NOT NULL
);
CREATE INDEX bounce_person ON bounce (person_id);
CREATE TABLE stop (
  to_bidx TEXT NOT NULL,
  scope TEXT NOT NULL,
  at BIGINT NOT NULL,
  channel TEXT NOT NULL,
  PRIMARY KEY (to_bidx, scope)
);

-- archiver: whole documents at a third party. The ciphertext stands here until he has it; a key that is emptied is a deletion that he owes.
CREATE TABLE archiver_deposit ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  record_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('review')),
  category TEXT NOT NULL CHECK (category IN ('opinion')),
  key_sealed BYTEA NOT NULL,
  content BYTEA NOT NULL,
  object_hash BYTEA NOT NULL,
  size BIGINT NOT NULL,
  leaf_id TEXT NOT NULL,
  sent_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  driver TEXT NOT NULL,
  receipt TEXT NOT NULL,
  version TEXT NOT NULL,
  delivered_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  fault TEXT NOT NULL CHECK (fault IN ('', 'changed', 'missing')),
  fault_at BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  asked_tries BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL,
  certificate TEXT NOT NULL,
  end_leaf_id TEXT NOT NULL
);
CREATE INDEX archiver_deposit_person ON archiver_deposit (person_id);
CREATE INDEX archiver_deposit_record ON archiver_deposit (record_id);
CREATE INDEX archiver_deposit_at ON archiver_deposit (at, id);
CREATE INDEX archiver_deposit_waiting ON archiver_deposit (sent_at, id) WHERE delivered_at = 0;
CREATE INDEX archiver_deposit_owed ON archiver_deposit (asked_at, id) WHERE length(key_sealed) = 0 AND confirmed_at = 0;
CREATE INDEX archiver_deposit_checked ON archiver_deposit (checked_at, id) WHERE length(key_sealed) > 0 AND delivered_at > 0;
CREATE INDEX archiver_deposit_wrong ON archiver_deposit (checked_at, id) WHERE fault <> '';
CREATE INDEX archiver_deposit_confirmed ON archiver_deposit (confirmed_at, id) WHERE confirmed_at > 0;

-- person: consumers
CREATE TABLE person (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('person', 'company')),
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  name_sealed BYTEA NOT NULL,
  company_sealed BYTEA NOT NULL,
  phone_sealed BYTEA NOT NULL,
  phone_bidx TEXT NOT NULL,
  email_sealed BYTEA NOT NULL,
  email_bidx TEXT NOT NULL,
  phone_verified_at BIGINT NOT NULL
);
CREATE INDEX person_phone ON person (phone_bidx);
CREATE INDEX person_email ON person (email_bidx);
CREATE TABLE person_word (
  word_bidx TEXT NOT NULL,
  person_id TEXT NOT NULL,
  PRIMARY KEY (word_bidx, person_id)
);
CREATE TABLE code (
  id TEXT NOT NULL PRIMARY KEY,
  object TEXT NOT NULL,
  person_id TEXT NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('verify-phone', 'correct', 'case', 'pro-email', 'pro-phone')),
  code_hash TEXT NOT NULL,
  sent_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  used_at BIGINT NOT NULL
);
CREATE INDEX code_object ON code (object, sent_at);
-- Sign-ins; a form's line of the journal is sealed with its request. The id is its person: each line has a key of its own.
CREATE TABLE connection (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  account_id TEXT NOT NULL,
  whose TEXT NOT NULL CHECK (whose IN ('staff', 'professional')),
  entry_sealed BYTEA NOT NULL,
  address_bidx TEXT NOT NULL
);
CREATE INDEX connection_at ON connection (at, id);
-- Numbers of an opposition register that was loaded, and attempts at canvassing by telephone.
CREATE TABLE register_entry (
  phone_bidx TEXT NOT NULL PRIMARY KEY,
  confirmed_at BIGINT NOT NULL
);
CREATE INDEX register_entry_confirmed ON register_entry (confirmed_at, phone_bidx);
CREATE TABLE attempt (
  id TEXT NOT NULL PRIMARY KEY,
  phone_bidx TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL
);
CREATE INDEX attempt_phone ON attempt (phone_bidx, at);
CREATE INDEX attempt_at ON attempt (at);
CREATE TABLE address_block (
  address_bidx TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  by_account TEXT NOT NULL
);

-- pro
CREATE TABLE pro (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'suspended', 'closed')),
  outside BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  version BIGINT NOT NULL,
  company_sealed BYTEA NOT NULL,
  siren_sealed BYTEA NOT NULL,
  siren_bidx TEXT NOT NULL UNIQUE,
  contact_sealed BYTEA NOT NULL,
  phone_sealed BYTEA NOT NULL,
  phone_bidx TEXT NOT NULL,
  email_sealed BYTEA NOT NULL,
  email_bidx TEXT NOT NULL,
  street_sealed BYTEA NOT NULL,
  insee TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en'))
);
CREATE INDEX pro_at ON pro (at, id);
CREATE INDEX pro_phone ON pro (phone_bidx);
CREATE INDEX pro_email ON pro (email_bidx);
CREATE INDEX pro_place ON pro (insee, state); -- the directory looks around a place
CREATE TABLE pro_word (
  word_bidx TEXT NOT NULL,
  pro_id TEXT NOT NULL,
  PRIMARY KEY (word_bidx, pro_id)
);
-- Profiles are append-only: a dispatch decision of yesterday replays on yesterday's profile.
CREATE TABLE pro_version (
  pro_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  state TEXT NOT NULL,
  profile TEXT NOT NULL,
  PRIMARY KEY (pro_id, version)
);
CREATE TABLE pro_trade (
  trade TEXT NOT NULL,
  pro_id TEXT NOT NULL,
  PRIMARY KEY (trade, pro_id)
);
CREATE TABLE pro_check (
  pro_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('identity', 'registry', 'insurance', 'qualification', 'terms')),
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  valid_until_on TEXT NOT NULL,
  told TEXT NOT NULL CHECK (told IN ('', 'ending', 'ended')),
  PRIMARY KEY (pro_id, kind)
);
CREATE INDEX pro_check_until ON pro_check (valid_until_on);
-- What providers verified of professionals: the row outlasts what it found, so that an erasure can be told to who received something.
CREATE TABLE pro_inquiry (
  id TEXT NOT NULL PRIMARY KEY,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  recipient TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('solvency', 'legal', 'fraud')),
  fields TEXT NOT NULL,
  reference TEXT NOT NULL,
  answered_on TEXT NOT NULL,
  valid_until_on TEXT NOT NULL,
  finding_sealed BYTEA NOT NULL
);
CREATE INDEX pro_inquiry_pro ON pro_inquiry (pro_id);
CREATE TABLE pro_agreement (
  id TEXT NOT NULL PRIMARY KEY,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  signed_on TEXT NOT NULL,
  until_on TEXT NOT NULL,
  words_sealed BYTEA NOT NULL
);
CREATE INDEX pro_agreement_pro ON pro_agreement (pro_id);
-- A number or address that a professional wants, until its code proves that it is his.
CREATE TABLE pro_contact_change (
  id TEXT NOT NULL PRIMARY KEY,
  pro_id TEXT NOT NULL,
  field TEXT NOT NULL CHECK (field IN ('email', 'phone')),
  machine_at BIGINT NOT NULL,
  value_sealed BYTEA NOT NULL
);
CREATE UNIQUE INDEX pro_contact_change_pro ON pro_contact_change (pro_id, field);

-- The arrangement between joint controllers, as a member accepted it: by the digest of its words (RN-06).
CREATE TABLE pro_arrangement (
  pro_id TEXT NOT NULL,
  words_hash TEXT NOT NULL,
  version_hash TEXT NOT NULL,
  edition TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  PRIMARY KEY (pro_id, words_hash)
);
-- A membership moves from term to term; what happened to it stands in the trail.
CREATE TABLE pro_membership (
  pro_id TEXT NOT NULL PRIMARY KEY,
  since_on TEXT NOT NULL,
  until_on TEXT NOT NULL,
  renewed BOOLEAN NOT NULL,
  told_on TEXT NOT NULL,
  leaves_on TEXT NOT NULL,
  reason TEXT NOT NULL,
  by_account TEXT NOT NULL
);
CREATE INDEX pro_membership_until ON pro_membership (until_on);
CREATE INDEX pro_membership_leaves ON pro_membership (leaves_on) WHERE leaves_on <> '';

-- billing: knows opaque line references, never requests
CREATE TABLE wallet (
  pro_id TEXT NOT NULL PRIMARY KEY,
  balance_minor BIGINT NOT NULL CHECK (balance_minor >= 0)
);
CREATE TABLE wallet_entry (
  id TEXT NOT NULL PRIMARY KEY,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('card', 'transfer', 'purchase', 'refund')),
  reference TEXT NOT NULL UNIQUE,
  by_account TEXT NOT NULL
);
CREATE INDEX wallet_entry_pro ON wallet_entry (pro_id, at);
CREATE TABLE payment (
  id TEXT NOT NULL PRIMARY KEY,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('purchase', 'credit')),
  line TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'authorised', 'capturing', 'captured', 'released', 'refused')),
  driver TEXT NOT NULL,
  driver_ref TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX payment_pro ON payment (pro_id, at);
CREATE INDEX payment_state ON payment (state, at);
CREATE TABLE invoice_line (
  id TEXT NOT NULL PRIMARY KEY,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  reference TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  net_minor BIGINT NOT NULL,
  vat_rate BIGINT NOT NULL,
  paid_with TEXT NOT NULL CHECK (paid_with IN ('wallet', 'card')),
  invoice_id TEXT
);
CREATE INDEX invoice_line_invoice ON invoice_line (invoice_id);
CREATE TABLE invoice_due (
  line_id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
CREATE TABLE invoice_series (
  series TEXT NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
);
CREATE TABLE invoice (
  id TEXT NOT NULL PRIMARY KEY,
  series TEXT NOT NULL,
  number BIGINT NOT NULL,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  issued_on TEXT NOT NULL,
  net_minor BIGINT NOT NULL,
  vat_minor BIGINT NOT NULL,
  snapshot_sealed BYTEA NOT NULL,
  snapshot_hash TEXT NOT NULL,
  UNIQUE (series, number)
);
CREATE INDEX invoice_pro ON invoice (pro_id, at);
CREATE TABLE invoice_file ( /* wide */
  invoice_id TEXT NOT NULL PRIMARY KEY,
  pdf_sealed BYTEA NOT NULL
);

-- request
CREATE TABLE request (
  id TEXT NOT NULL PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  edition TEXT NOT NULL,
  site TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('form', 'phone', 'api')),
  source TEXT NOT NULL,
  trade TEXT NOT NULL,
  insee TEXT NOT NULL,
  postcode TEXT NOT NULL,
  urgency TEXT NOT NULL,
  intent TEXT NOT NULL,
  answers TEXT NOT NULL,
  words_sealed BYTEA NOT NULL,
  street_sealed BYTEA NOT NULL,
  address_sealed BYTEA NOT NULL,
  address_bidx TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('unverified', 'received', 'published', 'filled', 'forwarded', 'closed', 'cancelled', 'withdrawn', 'unserved')),
  state_at BIGINT NOT NULL,
  seats BIGINT NOT NULL,
  sold BIGINT NOT NULL,
  price_minor BIGINT NOT NULL,
  vat_rate BIGINT NOT NULL,
  price_reasons TEXT NOT NULL,
  priced_by TEXT NOT NULL,
  taken_by TEXT NOT NULL,
  taken_until BIGINT NOT NULL,
  qualified_by TEXT NOT NULL,
  qualified_at BIGINT NOT NULL,
  published_at BIGINT NOT NULL,
  published_machine_at BIGINT NOT NULL,
  link_generation BIGINT NOT NULL,
  stopped_at BIGINT NOT NULL,
  frozen_at BIGINT NOT NULL,
  draft_sealed BYTEA NOT NULL
);
CREATE INDEX request_state ON request (state, at, id);
CREATE INDEX request_person ON request (person_id);
CREATE INDEX request_place ON request (trade, insee) WHERE state IN ('filled', 'closed', 'cancelled', 'withdrawn', 'unserved');
CREATE INDEX request_address ON request (address_bidx, at) WHERE address_bidx <> '';
-- The newest request of one number for one trade and commune: another within the network's window is the same one.
CREATE TABLE request_window (
  phone_bidx TEXT NOT NULL,
  trade TEXT NOT NULL,
  insee TEXT NOT NULL,
  at BIGINT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (phone_bidx, trade, insee)
);
-- A proof of work counts once.
CREATE TABLE work (
  id TEXT NOT NULL PRIMARY KEY,
  until_at BIGINT NOT NULL
);
CREATE TABLE request_event (
  id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  count BIGINT NOT NULL,
  object TEXT NOT NULL,
  PRIMARY KEY (request_id, at, id)
);
CREATE TABLE photo ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  request_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  image_sealed BYTEA NOT NULL
);
CREATE INDEX photo_request ON photo (request_id);
CREATE TABLE exclusion (
  request_id TEXT NOT NULL,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (request_id, pro_id)
);
CREATE TABLE decision ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  request_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  edition TEXT NOT NULL,
  seed_on TEXT NOT NULL,
  input TEXT NOT NULL,
  candidates TEXT NOT NULL,
  leaf_id TEXT NOT NULL
);
CREATE INDEX decision_request ON decision (request_id, at);
CREATE TABLE offer (
  request_id TEXT NOT NULL,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  decision_id TEXT NOT NULL,
  distance_m BIGINT NOT NULL,
  PRIMARY KEY (request_id, pro_id)
);
CREATE INDEX offer_pro ON offer (pro_id, at);
CREATE TABLE seat (
  request_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('free', 'held', 'capturing', 'sold')),
  pro_id TEXT,
  price_minor BIGINT NOT NULL,
  vat_rate BIGINT NOT NULL,
  held_until BIGINT NOT NULL,
  PRIMARY KEY (request_id, number),
  UNIQUE (request_id, pro_id)
);
CREATE INDEX seat_pro ON seat (pro_id, state);
CREATE TABLE purchase (
  id TEXT NOT NULL PRIMARY KEY,
  request_id TEXT NOT NULL,
  seat BIGINT NOT NULL,
  pro_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  edition TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  vat_rate BIGINT NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('wallet', 'card', 'waived', 'forwarded')),
  payment_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'capturing', 'revealed', 'failed')),
  revealed_at BIGINT NOT NULL,
  contacted_at BIGINT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('', 'called', 'reached', 'quote', 'won', 'lost', 'done')),
  late_at BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  leaf_id TEXT NOT NULL
);
CREATE INDEX purchase_pro ON purchase (pro_id, at);
CREATE INDEX purchase_request ON purchase (request_id);
CREATE INDEX purchase_state ON purchase (state, revealed_at);
CREATE TABLE contact (
  id TEXT NOT NULL PRIMARY KEY,
  purchase_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('called', 'reached', 'quote', 'won', 'lost', 'done')),
  by_account TEXT NOT NULL
);
CREATE INDEX contact_purchase ON contact (purchase_id, at);

-- call: line_id is the telephony's own name of a call, NULL for one that no line of ours carried
CREATE TABLE call (
  id TEXT NOT NULL PRIMARY KEY,
  line_id TEXT UNIQUE,
  at BIGINT NOT NULL,
  machine_at BIGINT NOT NULL,
  site TEXT NOT NULL,
  person_id TEXT NOT NULL,
  trade TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  caller_sealed BYTEA NOT NULL,
  caller_bidx TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ringing', 'answered', 'talking', 'refused', 'ended', 'missed')),
  agent TEXT NOT NULL,
  answered_at BIGINT NOT NULL,
  announced_at BIGINT NOT NULL,
  accepted_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  request_id TEXT NOT NULL,
  sampled BOOLEAN NOT NULL,
  tries BIGINT NOT NULL
);
CREATE INDEX call_state ON call (state, at);
CREATE INDEX call_request ON call (request_id);
CREATE TABLE recording ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  call_id TEXT NOT NULL UNIQUE,
  person_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  seconds BIGINT NOT NULL,
  sound_sealed BYTEA NOT NULL
);
-- what the line may keep of a call: held while we keep ours, then asked for until it confirms that nothing is left
CREATE TABLE line_copy (
  call_id TEXT NOT NULL PRIMARY KEY,
  person_id TEXT NOT NULL,
  line_id TEXT NOT NULL,
  held TEXT NOT NULL CHECK (held IN ('', 'held')),
  asked_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL
);
CREATE INDEX line_copy_owed ON line_copy (asked_at, call_id) WHERE held = '' AND confirmed_at = 0;
CREATE INDEX line_copy_confirmed ON line_copy (confirmed_at, call_id) WHERE confirmed_at > 0;
-- a link to one recording, for a provider who settles a dispute
CREATE TABLE recording_loan (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  recording_id TEXT NOT NULL,
  call_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  why_sealed BYTEA NOT NULL,
  by_account TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL,
  revoked_by TEXT NOT NULL,
  uses BIGINT NOT NULL,
  used_at BIGINT NOT NULL
);
CREATE INDEX recording_loan_recording ON recording_loan (recording_id, at);
CREATE INDEX recording_loan_call ON recording_loan (call_id);

-- review: an invitation and the review that answers it are one record, held under the invitation's id
CREATE TABLE review_invite ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  pro_id TEXT NOT NULL REFERENCES pro (id),
  person_id TEXT NOT NULL,
  audience TEXT NOT NULL CHECK (audience IN ('customer', 'employee')),
  questionnaire TEXT NOT NULL,
  edition TEXT NOT NULL, -- its questions are those of this edition, whatever applies when it is answered
  source TEXT NOT NULL CHECK (source IN ('member', 'operator', 'introduction', 'spontaneous')),
  state TEXT NOT NULL CHECK (state IN ('asked', 'sent', 'answered', 'expired', 'closed')),
  why TEXT NOT NULL, -- of closed: a word or an id of the network file
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  site TEXT NOT NULL,
  by_account TEXT NOT NULL,
  request_id TEXT NOT NULL, -- of an introduction
  link_generation BIGINT NOT NULL,
  first_sent_at BIGINT NOT NULL,
  sendings BIGINT NOT NULL,
  experience_sealed BYTEA NOT NULL,
  draft_sealed BYTEA NOT NULL
);
CREATE INDEX review_invite_pro ON review_invite (pro_id, at, id);
CREATE INDEX review_invite_person ON review_invite (person_id);
CREATE INDEX review_invite_sent ON review_invite (state, first_sent_at);
-- A list of people to ask: how far it came. Its rows are not kept, only a digest that tells whether the same ones come again.
CREATE TABLE review_list (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  pro_id TEXT NOT NULL REFERENCES pro (id),
  by_account TEXT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE,
  input_hash TEXT NOT NULL,
  audience TEXT NOT NULL CHECK (audience IN ('customer', 'employee')),
  total BIGINT NOT NULL,
  done BIGINT NOT NULL,
  invited BIGINT NOT NULL,
  repeated BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sending', 'done', 'stopped')),
  moved_at BIGINT NOT NULL
);
-- What somebody who asks for a questionnaire himself waits for: the operator's check, and the member's word where the file says so.
CREATE TABLE review_wanted (
  invite_id TEXT NOT NULL PRIMARY KEY REFERENCES review_invite (id),
  person_id TEXT NOT NULL,
  pro_id TEXT NOT NULL,
  checked_by TEXT NOT NULL, -- who found the experience authentic
  member TEXT NOT NULL CHECK (member IN ('none', 'waiting', 'accepted', 'refused')),
  member_due_at BIGINT NOT NULL,
  proof TEXT NOT NULL CHECK (proof IN ('none', 'asked', 'received', 'destroyed')),
  proof_due_at BIGINT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('', 'application/pdf', 'image/jpeg')),
  proof_sealed BYTEA NOT NULL
);
CREATE INDEX review_wanted_person ON review_wanted (person_id);
CREATE INDEX review_list_state ON review_list (state, moved_at);
CREATE TABLE review (
  id TEXT NOT NULL PRIMARY KEY,
  invite_id TEXT NOT NULL UNIQUE, -- one link, one answer
  pro_id TEXT NOT NULL REFERENCES pro (id),
  person_id TEXT NOT NULL,
  audience TEXT NOT NULL CHECK (audience IN ('customer', 'employee')),
  digits TEXT NOT NULL UNIQUE, -- of its public identifier, drawn at random
  number BIGINT NOT NULL, -- within the member: 1, 2, 3… in the order of deposit
  state TEXT NOT NULL CHECK (state IN ('waiting', 'published', 'refused', 'removed')),
  why TEXT NOT NULL, -- of refused and removed: an id of the network file, or author, member-left, time, erased
  version BIGINT NOT NULL, -- the one that shows, else the one that waits
  overall BIGINT NOT NULL, -- of that version, in tenths of a mark
  level TEXT NOT NULL CHECK (level IN ('satisfied', 'moderately', 'dissatisfied')),
  shared BOOLEAN NOT NULL, -- the author did not object to its being shown elsewhere
  drawn BOOLEAN NOT NULL, -- for a control call
  deposited_at BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  published_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL, -- a later version was published
  ended_at BIGINT NOT NULL, -- refused or removed
  hidden_at BIGINT NOT NULL, -- since when who showed it elsewhere may not any more; 0: he may, or it never was public
  decided_by TEXT NOT NULL,
  initials_sealed BYTEA NOT NULL, -- of its public identifier; empty for an employee's
  UNIQUE (pro_id, number)
);
CREATE INDEX review_page ON review (pro_id, state, deposited_at, id);
CREATE INDEX review_marks ON review (pro_id, state, overall, audience);
CREATE INDEX review_state ON review (state, deposited_at, id);
CREATE INDEX review_person ON review (person_id);
CREATE INDEX review_feed ON review (state, published_at, digits);
CREATE INDEX review_hidden ON review (hidden_at, digits);
-- A partner whose program shows reviews: everything that ceased to be shown until then was told to it.
CREATE TABLE review_fetch (
  account_id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);
-- What the author wrote, never changed: who writes again makes another version, read and decided like the first.
CREATE TABLE review_version ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL REFERENCES review (id),
  invite_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'published', 'refused', 'replaced')),
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  overall BIGINT NOT NULL,
  why TEXT NOT NULL, -- of refused: an id of the network file
  decided_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL,
  leaf_id TEXT NOT NULL,
  experience_sealed BYTEA NOT NULL,
  content_sealed BYTEA NOT NULL,
  UNIQUE (review_id, version)
);
CREATE INDEX review_version_queue ON review_version (state, at, id);
CREATE INDEX review_version_invite ON review_version (invite_id);
CREATE INDEX review_version_person ON review_version (person_id);
CREATE TABLE review_event (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL,
  invite_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  object TEXT NOT NULL,
  words_sealed BYTEA NOT NULL -- what was said on the telephone, or written by the author or the moderator
);
CREATE INDEX review_event_review ON review_event (review_id, at);
CREATE INDEX review_event_invite ON review_event (invite_id);
CREATE INDEX review_event_person ON review_event (person_id);
-- A document that a moderator asked for. It has keys of its own: destroyed with the decision, while the review stays.
CREATE TABLE review_paper (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  whom TEXT NOT NULL CHECK (whom IN ('author', 'member')),
  state TEXT NOT NULL CHECK (state IN ('asked', 'received', 'destroyed')),
  received_at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  type TEXT NOT NULL CHECK (type IN ('', 'application/pdf', 'image/jpeg')),
  words_sealed BYTEA NOT NULL, -- what is asked for
  file_sealed BYTEA NOT NULL
);
CREATE INDEX review_paper_review ON review_paper (review_id, at);
-- A decision that its author contests.
CREATE TABLE review_appeal (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('refused', 'removed', 'ban')),
  object TEXT NOT NULL, -- the reason, or the ban
  first_by TEXT NOT NULL, -- who decided what is contested
  state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'reversed')),
  again BOOLEAN NOT NULL, -- a second look by the same person, as there is no other
  decided_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL
);
CREATE INDEX review_appeal_state ON review_appeal (state, at, id);
CREATE INDEX review_appeal_review ON review_appeal (review_id, at);
-- A report about a published review: a record and a person of its own.
CREATE TABLE review_report ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  review_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  by_pro TEXT NOT NULL, -- the member whom the review is about, when he reports it
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  site TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'removed', 'gone')),
  decided_at BIGINT NOT NULL,
  decided_by TEXT NOT NULL,
  abusive BOOLEAN NOT NULL,
  limited_until BIGINT NOT NULL, -- who reported abusively reports no more until then
  reporter_bidx TEXT NOT NULL,
  name_sealed BYTEA NOT NULL,
  email_sealed BYTEA NOT NULL,
  words_sealed BYTEA NOT NULL,
  answer_sealed BYTEA NOT NULL
);
CREATE INDEX review_report_state ON review_report (state, at, id);
CREATE INDEX review_report_review ON review_report (review_id, at);
CREATE INDEX review_report_reporter ON review_report (reporter_bidx, at);
-- Who may deposit no review for a time: a record and a person of its own, gone when its time is.
CREATE TABLE review_ban (
  id TEXT NOT NULL PRIMARY KEY,
  review_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  by_account TEXT NOT NULL,
  ended_at BIGINT NOT NULL, -- lifted after it was contested
  email_bidx TEXT NOT NULL,
  phone_bidx TEXT NOT NULL,
  contact_sealed BYTEA NOT NULL,
  name_sealed BYTEA NOT NULL
);
CREATE INDEX review_ban_review ON review_ban (review_id);
CREATE INDEX review_ban_email ON review_ban (email_bidx);
CREATE INDEX review_ban_phone ON review_ban (phone_bidx);
-- The public chain of a member: each act about it is a line that names no person, holds the digest of the line before and the counts after it.
CREATE TABLE review_line (
  pro_id TEXT NOT NULL REFERENCES pro (id),
  n BIGINT NOT NULL,
  at BIGINT NOT NULL,
  line TEXT NOT NULL,
  leaf_id TEXT NOT NULL,
  PRIMARY KEY (pro_id, n)
);
-- Where the chain of a member stands, and the sum of its published overall marks.
CREATE TABLE review_tally (
  pro_id TEXT NOT NULL PRIMARY KEY REFERENCES pro (id),
  lines BIGINT NOT NULL,
  last_hash TEXT NOT NULL,
  invited BIGINT NOT NULL,
  deposited BIGINT NOT NULL,
  waiting BIGINT NOT NULL,
  published BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  removed BIGINT NOT NULL,
  marks BIGINT NOT NULL
);
CREATE INDEX review_tally_published ON review_tally (published, pro_id);

-- inbox: a case has a bunch of keys of its own, so that it is kept and erased apart from what it speaks of
CREATE TABLE inbox_case (
  id TEXT NOT NULL PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  edition TEXT NOT NULL,
  site TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  channel TEXT NOT NULL CHECK (channel IN ('form', 'email', 'phone', 'post', 'space', 'member')),
  asked TEXT NOT NULL,
  scopes TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'answered', 'refused', 'joined', 'letter')),
  state_at BIGINT NOT NULL,
  name_sealed BYTEA NOT NULL,
  email_sealed BYTEA NOT NULL,
  email_bidx TEXT NOT NULL,
  phone_sealed BYTEA NOT NULL,
  phone_bidx TEXT NOT NULL,
  details_sealed BYTEA NOT NULL,
  doubt_sealed BYTEA NOT NULL,
  reasons_sealed BYTEA NOT NULL,
  answer_sealed BYTEA NOT NULL,
  refusal TEXT NOT NULL,
  link_generation BIGINT NOT NULL,
  proved_at BIGINT NOT NULL,
  paused_at BIGINT NOT NULL,
  paused_for BIGINT NOT NULL,
  extended_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  joined_id TEXT NOT NULL,
  told TEXT NOT NULL CHECK (told IN ('', 'soon', 'late')),
  confirmed_at BIGINT NOT NULL
);
CREATE INDEX inbox_case_state ON inbox_case (state, received_at, id);
CREATE INDEX inbox_case_email ON inbox_case (email_bidx, state) WHERE email_bidx <> '';
CREATE INDEX inbox_case_phone ON inbox_case (phone_bidx, state) WHERE phone_bidx <> '';
CREATE TABLE inbox_subject (
  case_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  whose TEXT NOT NULL CHECK (whose IN ('consumer', 'professional')),
  at BIGINT NOT NULL,
  PRIMARY KEY (case_id, person_id)
);
CREATE TABLE inbox_letter ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  case_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  way TEXT NOT NULL CHECK (way IN ('in', 'out', 'proof')),
  channel TEXT NOT NULL CHECK (channel IN ('form', 'email', 'phone', 'post', 'space', 'member')),
  by_account TEXT NOT NULL,
  message_hash TEXT NOT NULL,
  subject_sealed BYTEA NOT NULL,
  text_sealed BYTEA NOT NULL,
  parts_sealed BYTEA NOT NULL,
  raw_sealed BYTEA NOT NULL
);
CREATE INDEX inbox_letter_case ON inbox_letter (case_id, at);
CREATE INDEX inbox_letter_message ON inbox_letter (message_hash) WHERE message_hash <> '';
-- The service that answers a message, and the person who looks after it; a case without a row here is the officer's alone.
CREATE TABLE inbox_ticket (
  case_id TEXT NOT NULL PRIMARY KEY,
  service TEXT NOT NULL,
  account_id TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX inbox_ticket_service ON inbox_ticket (service);
CREATE INDEX inbox_ticket_account ON inbox_ticket (account_id) WHERE account_id <> '';
CREATE TABLE inbox_note (
  id TEXT NOT NULL PRIMARY KEY,
  case_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  text_sealed BYTEA NOT NULL
);
CREATE INDEX inbox_note_case ON inbox_note (case_id, at);
CREATE TABLE inbox_event (
  id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  object TEXT NOT NULL,
  PRIMARY KEY (case_id, at, id)
);
-- What somebody wants done with his data after his death; its keys are its own, for it outlives the case that it came with.
CREATE TABLE inbox_directive (
  id TEXT NOT NULL PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  at BIGINT NOT NULL,
  case_id TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  what TEXT NOT NULL CHECK (what IN ('keep', 'erase', 'hand-over')),
  name_sealed BYTEA NOT NULL,
  email_sealed BYTEA NOT NULL,
  email_bidx TEXT NOT NULL,
  phone_sealed BYTEA NOT NULL,
  phone_bidx TEXT NOT NULL,
  trusted_sealed BYTEA NOT NULL,
  words_sealed BYTEA NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('stands', 'revoked', 'executed')),
  state_at BIGINT NOT NULL,
  by_account TEXT NOT NULL
);
CREATE INDEX inbox_directive_email ON inbox_directive (email_bidx) WHERE state = 'stands';
CREATE INDEX inbox_directive_phone ON inbox_directive (phone_bidx) WHERE state = 'stands';
-- Who received the data is told what was done with it, and confirms (GDPR art. 19).
CREATE TABLE inbox_told (
  id TEXT NOT NULL PRIMARY KEY,
  case_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  whose TEXT NOT NULL CHECK (whose IN ('professional', 'recipient', 'member')),
  about TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('erasure', 'rectification', 'restriction', 'shared')),
  at BIGINT NOT NULL,
  sent_at BIGINT NOT NULL,
  reminders BIGINT NOT NULL,
  acknowledged_at BIGINT NOT NULL
);
CREATE INDEX inbox_told_case ON inbox_told (case_id, at);
CREATE INDEX inbox_told_open ON inbox_told (sent_at) WHERE acknowledged_at = 0;
-- A restriction whose end was announced and has not come: the row goes with the lifting, or with its recall (GDPR art. 18.3).
CREATE TABLE inbox_lift (
  case_id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  way TEXT NOT NULL CHECK (way IN ('message', 'letter', 'phone')),
  message_id TEXT NOT NULL,
  by_account TEXT NOT NULL
);

-- oversight: the officer's files; each has a bunch of keys of its own, and beside its words what a register is sorted and counted by
CREATE TABLE oversight_file (
  id TEXT NOT NULL PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('breach', 'assessment', 'review', 'authority', 'terms')),
  at BIGINT NOT NULL,
  since_at BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
  state_at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  risk TEXT NOT NULL CHECK (risk IN ('', 'none', 'risk', 'high')),
  purposes TEXT NOT NULL,
  data TEXT NOT NULL,
  people BIGINT NOT NULL,
  records BIGINT NOT NULL,
  body_sealed BYTEA NOT NULL,
  notified_at BIGINT NOT NULL,
  saved_at BIGINT NOT NULL,
  next_on TEXT NOT NULL,
  told TEXT NOT NULL CHECK (told IN ('', 'soon', 'late'))
);
CREATE INDEX oversight_file_kind ON oversight_file (kind, since_at, id);
CREATE TABLE oversight_event (
  id TEXT NOT NULL,
  file_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  object TEXT NOT NULL,
  PRIMARY KEY (file_id, at, id)
);
CREATE TABLE oversight_subject (
  file_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  record TEXT NOT NULL, -- the one record of his that is meant; empty for all of him
  ref TEXT NOT NULL,
  at BIGINT NOT NULL,
  hold_id TEXT NOT NULL,
  PRIMARY KEY (file_id, person_id, record)
);
-- A letter to the people whom a breach concerns: its words as they were, whom it goes to, and how far its job has come.
CREATE TABLE oversight_letter ( /* wide */
  id TEXT NOT NULL PRIMARY KEY,
  file_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  by_account TEXT NOT NULL,
  data TEXT NOT NULL,
  text_sealed BYTEA NOT NULL,
  after_id TEXT NOT NULL,
  sent BIGINT NOT NULL,
  unreached BIGINT NOT NULL,
  done_at BIGINT NOT NULL
);
CREATE INDEX oversight_letter_file ON oversight_letter (file_id, at);

-- document: public documents as every edition makes them; words that stay the same are kept once
CREATE TABLE document_text ( /* wide */
  hash TEXT NOT NULL PRIMARY KEY,
  title TEXT NOT NULL,
  source TEXT NOT NULL,
  html TEXT NOT NULL
);
CREATE TABLE document_version (
  edition TEXT NOT NULL,
  kind TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('fr', 'en')),
  text_hash TEXT NOT NULL,
  applies_on TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (edition, kind, lang)
);
CREATE INDEX document_version_kind ON document_version (kind, lang, applies_on);
CREATE TABLE document_accepted (
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  text_hash TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account_id, kind, text_hash)
);
