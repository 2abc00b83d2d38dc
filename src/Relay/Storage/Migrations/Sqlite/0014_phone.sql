-- What of a page was sent may be changed while it is on its way, and pages of many questions at once go out as one.
ALTER TABLE pages ADD COLUMN wording INTEGER NOT NULL DEFAULT 0;        -- grows with every change of what it is to say
ALTER TABLE second_pages ADD COLUMN wording INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pages ADD COLUMN together TEXT;                         -- the page that lists it among others, in place of its own

CREATE INDEX pages_together ON pages (together, page_id) WHERE together IS NOT NULL;
