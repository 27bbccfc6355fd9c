using Npgsql;
using RPort.Silo.Configuration;

namespace RPort.Silo.Hosting;

/// <summary>
/// Creates the tables of the list of silos in PostgreSQL at the first start. Registered before the silo, so that it has ended when the silo reads the list.
/// Silos that start at once take turns by an advisory lock.
/// </summary>
internal sealed partial class SqlMembershipSchema(string connectionString, ILogger<SqlMembershipSchema> logger) : IHostedService
{
    /// <summary>Where the script lies in the source tree, for whoever has to apply it by hand.</summary>
    private const string Script = "infra/postgres/membership.sql";

    private const long LockKey = 0x5250_6F72_744D_656D; // "RPortMem"

    /// <exception cref="ConfigurationMistakeException">The tables are missing, and the user may not create them.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync(cancellationToken);
        if (await ExistsAsync(connection, cancellationToken))
        {
            return;
        }

        try
        {
            await CreateAsync(connection, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new ConfigurationMistakeException(
                $"The database has no tables for the list of silos, and the user of {ClusterOptions.Section}:{nameof(ClusterOptions.ConnectionString)} may not create them ({e.MessageText}). Apply {Script} as a user who may.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken); // its end releases the lock
        await using NpgsqlCommand turn = new("select pg_advisory_xact_lock($1)", connection, transaction) { Parameters = { new() { Value = LockKey } } };
        await turn.ExecuteNonQueryAsync(cancellationToken);
        if (await ExistsAsync(connection, cancellationToken))
        {
            return; // another silo was first
        }

        // Without parameters of its own: the @ of the stored statements belong to the one who runs them later.
        await using NpgsqlCommand create = new(await ReadScriptAsync(cancellationToken), connection, transaction);
        await create.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogCreated(logger, connection.Database, Script);
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand ask = new("select to_regclass('OrleansQuery') is not null", connection);
        return await ask.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async Task<string> ReadScriptAsync(CancellationToken cancellationToken)
    {
        await using Stream script = typeof(SqlMembershipSchema).Assembly.GetManifestResourceStream("membership.sql")!;
        using StreamReader reader = new(script);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    [LoggerMessage(3020, LogLevel.Information, "Created the tables of the list of silos in the database {Database} ({Script}).")]
    private static partial void LogCreated(ILogger logger, string database, string script);
}
