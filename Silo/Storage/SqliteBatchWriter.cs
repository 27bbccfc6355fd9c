using Microsoft.Data.Sqlite;

namespace RPort.Silo.Storage;

/// <summary>Writes a batch of changes in one transaction on a connection of its own. One caller at a time; of no use after a failure.</summary>
internal sealed class SqliteBatchWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _etag;
    private readonly SqliteCommand _probe;

    public SqliteBatchWriter(SqliteConnection connection)
    {
        _connection = connection;
        _insert = Command("INSERT INTO grain_state (name, grain, etag, payload) VALUES ($name, $grain, $new, $payload) ON CONFLICT DO NOTHING", "$name", "$grain", "$new", "$payload");
        _update = Command("UPDATE grain_state SET etag = $new, payload = $payload WHERE grain = $grain AND name = $name AND etag = $etag", "$name", "$grain", "$etag", "$new", "$payload");
        _delete = Command("DELETE FROM grain_state WHERE grain = $grain AND name = $name AND etag = $etag", "$name", "$grain", "$etag");
        _etag = Command("SELECT etag FROM grain_state WHERE grain = $grain AND name = $name", "$name", "$grain");
        _probe = Command("INSERT INTO probe (id, at) VALUES (1, datetime('now')) ON CONFLICT (id) DO UPDATE SET at = excluded.at");
    }

    /// <summary>Durable for all, or an exception and nothing is written. Returns one result per change.</summary>
    public StateWriteResult[] Write(IReadOnlyList<StateWrite> batch)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
        var results = new StateWriteResult[batch.Count];
        for (int i = 0; i < batch.Count; i++)
        {
            results[i] = Write(batch[i], transaction);
        }

        transaction.Commit();
        return results;
    }

    /// <summary>Whether a write would reach the disk.</summary>
    public void Probe()
    {
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
        _probe.Transaction = transaction;
        _probe.ExecuteNonQuery();
        transaction.Commit();
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in new[] { _insert, _update, _delete, _etag, _probe })
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private StateWriteResult Write(StateWrite write, SqliteTransaction transaction)
    {
        // Random, not counted: a record that was deleted and made anew never gets an etag that somebody still holds.
        long next = Random.Shared.NextInt64(1, long.MaxValue);
        SqliteCommand? command = write.Payload is null ? _delete : write.Expected is null ? _insert : _update;
        if (write.Payload is null && write.Expected is null)
        {
            long found = EtagOf(write.Key, transaction);
            return new StateWriteResult(found == 0, found); // deleting what never was
        }

        command.Transaction = transaction;
        command.Parameters["$name"].Value = write.Key.Name;
        command.Parameters["$grain"].Value = write.Key.Grain;
        if (write.Expected is { } expected)
        {
            command.Parameters["$etag"].Value = expected;
        }

        if (write.Payload is { } payload)
        {
            command.Parameters["$new"].Value = next;
            command.Parameters["$payload"].Value = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(payload, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
                ? segment.Array
                : payload.ToArray();
        }

        bool written = command.ExecuteNonQuery() == 1;
        return written ? new StateWriteResult(true, next) : new StateWriteResult(false, EtagOf(write.Key, transaction));
    }

    private long EtagOf(StateKey key, SqliteTransaction transaction)
    {
        _etag.Transaction = transaction;
        _etag.Parameters["$name"].Value = key.Name;
        _etag.Parameters["$grain"].Value = key.Grain;
        return _etag.ExecuteScalar() as long? ?? 0;
    }

    private SqliteCommand Command(string sql, params string[] parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (string parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter(parameter, null));
        }

        return command;
    }
}
