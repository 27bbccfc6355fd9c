using Microsoft.Data.Sqlite;

namespace RPort.Silo.Storage;

/// <summary>Opens connections and brings the file to the layout this version writes.</summary>
internal static class SqliteSchema
{
    private const int Version = 1;
    private const int PageBytes = 4096; // SQLite's default since 3.12

    public static SqliteConnection Open(SqliteStorageOptions options)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.File,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false, // connections are kept by the store, whose end must really close them
            DefaultTimeout = (int)Math.Max(1, options.BusyTimeout.TotalSeconds),
        }.ToString());
        try
        {
            connection.Open();

            // FULL: a commit is on the disk before it is answered, also if the power fails in the next moment.
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864;");
            if (options.MaxFileBytes > 0)
            {
                Execute(connection, $"PRAGMA max_page_count={Math.Max(1, options.MaxFileBytes / PageBytes)};");
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Prepare(SqliteConnection connection, string file)
    {
        using SqliteCommand ask = connection.CreateCommand();
        ask.CommandText = "PRAGMA user_version";
        long found = (long)ask.ExecuteScalar()!;
        if (found > Version)
        {
            throw new GrainStorageException($"Grain state in '{file}' was written by a newer version of this program (layout {found}, this one knows {Version}).", null);
        }

        Execute(connection, $"""
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS grain_state (
                name TEXT NOT NULL,
                grain TEXT NOT NULL,
                etag INTEGER NOT NULL,
                payload BLOB NOT NULL,
                UNIQUE (grain, name));
            CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, at TEXT NOT NULL);
            PRAGMA user_version={Version};
            COMMIT;
            """);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
