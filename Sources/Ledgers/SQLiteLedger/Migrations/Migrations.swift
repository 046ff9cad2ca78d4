import GRDB

/// All migrations, in order.
enum Migrations {
    static let all: [(name: String, sql: String)] = [
        (Migration0001.name, Migration0001.sql), (Migration0002.name, Migration0002.sql),
        (Migration0003.name, Migration0003.sql), (Migration0004.name, Migration0004.sql),
        (Migration0005.name, Migration0005.sql), (Migration0006.name, Migration0006.sql),
        (Migration0007.name, Migration0007.sql), (Migration0008.name, Migration0008.sql),
    ]

    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for migration in all {
            migrator.registerMigration(migration.name) { database in try database.execute(sql: migration.sql) }
        }
        return migrator
    }
}
