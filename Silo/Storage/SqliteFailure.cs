using Microsoft.Data.Sqlite;

namespace RPort.Silo.Storage;

/// <summary>Puts SQLite's error codes into words an operator can act on.</summary>
internal static class SqliteFailure
{
    public static GrainStorageException Describe(string file, Exception cause) =>
        new($"Grain state in '{file}': {(cause is SqliteException sqlite ? Reason(sqlite) : cause.Message)}", cause);

    private static string Reason(SqliteException cause) => cause.SqliteErrorCode switch
    {
        5 or 6 => "the file is locked by another process.",
        8 => "the file or its folder is read-only.",
        10 => $"the disk reports an error ({cause.Message}).",
        11 or 26 => "the file is damaged or no SQLite file.",
        13 => "the disk is full.",
        14 => "the file cannot be opened; check that its folder exists and may be written.",
        _ => cause.Message,
    };
}
