using Microsoft.Data.Sqlite;

namespace RPort.Silo.Storage;

/// <summary>Reads records on a connection of its own. One caller at a time.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _select;
    private readonly SqliteParameter _name = new("$name", null);
    private readonly SqliteParameter _grain = new("$grain", null);

    public SqliteReader(SqliteConnection connection)
    {
        _connection = connection;
        _select = connection.CreateCommand();
        _select.CommandText = "SELECT etag, payload FROM grain_state WHERE grain = $grain AND name = $name";
        _select.Parameters.Add(_name);
        _select.Parameters.Add(_grain);
    }

    public StoredState? Read(StateKey key)
    {
        _name.Value = key.Name;
        _grain.Value = key.Grain;
        using SqliteDataReader row = _select.ExecuteReader();
        return row.Read() ? new StoredState(row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : null;
    }

    public void Dispose()
    {
        _select.Dispose();
        _connection.Dispose();
    }
}
