/// Where the card of a fingerprint is, so that the owner finds a card by its content.
enum Migration0006 {
    static let name = "0006_cards_by_content"

    static let sql = """
        -- Imports and undos wait until the end, orders do not: they change no fingerprint.
        LOCK TABLE card_fingerprints IN ACCESS EXCLUSIVE MODE;
        -- Every card has its fingerprint in its row, so the table is made anew from them: quicker than an update of
        -- each row, and without the old rows' room.
        CREATE TABLE fingerprints_of_cards (
            product_id bigint NOT NULL,
            fingerprint bytea NOT NULL,
            card_id bigint NOT NULL
        );
        INSERT INTO fingerprints_of_cards SELECT product_id, fingerprint, id FROM cards;
        DROP TABLE card_fingerprints;
        ALTER TABLE fingerprints_of_cards RENAME TO card_fingerprints;
        ALTER TABLE card_fingerprints
            ADD CONSTRAINT card_fingerprints_pkey PRIMARY KEY (product_id, fingerprint);
        -- The number of a new card is drawn before its trigger runs.
        CREATE OR REPLACE FUNCTION note_fingerprint() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO card_fingerprints VALUES (NEW.product_id, NEW.fingerprint, NEW.id) ON CONFLICT DO NOTHING;
                IF NOT FOUND THEN RETURN NULL; END IF;
                RETURN NEW;
            END $$;
        """
}
