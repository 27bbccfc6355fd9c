using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using RPort.Grains.Tests.Kit;
using RPort.Silo.Storage;

namespace RPort.Grains.Tests.Storage;

public sealed class SqliteGrainStorageTests : IDisposable
{
    private static readonly GrainId Id = GrainId.Parse("test/one");
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_written_is_read_by_the_next_process()
    {
        await using (SqliteStore store = await OpenAsync())
        {
            await Storage(store).WriteStateAsync("state", Id, With("hello"));
        }

        await using SqliteStore again = await OpenAsync();
        GrainState<Sample> read = await ReadAsync(again);
        Assert.True(read.RecordExists);
        Assert.Equal("hello", read.State!.Text);
    }

    [Fact]
    public async Task A_write_with_an_old_etag_is_refused_and_changes_nothing()
    {
        await using SqliteStore store = await OpenAsync();
        GrainState<Sample> first = With("first");
        await Storage(store).WriteStateAsync("state", Id, first);
        GrainState<Sample> other = await ReadAsync(store);
        other.State = new Sample { Text = "other" };
        await Storage(store).WriteStateAsync("state", Id, other);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage(store).WriteStateAsync("state", Id, first));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage(store).WriteStateAsync("state", Id, With("new")));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage(store).ClearStateAsync("state", Id, first));
        Assert.Equal("other", (await ReadAsync(store)).State!.Text);
    }

    [Fact]
    public async Task A_cleared_record_is_gone_and_its_etag_never_fits_again()
    {
        await using SqliteStore store = await OpenAsync();
        GrainState<Sample> state = With("first");
        await Storage(store).WriteStateAsync("state", Id, state);
        string? etag = state.ETag;

        await Storage(store).ClearStateAsync("state", Id, state);
        Assert.False(state.RecordExists);
        Assert.False((await ReadAsync(store)).RecordExists);
        await Storage(store).WriteStateAsync("state", Id, With("second"));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage(store).WriteStateAsync("state", Id, new GrainState<Sample>(new Sample(), etag)));
    }

    [Fact]
    public async Task Of_many_who_write_at_once_one_wins_and_the_others_hear_of_it()
    {
        await using SqliteStore store = await OpenAsync();
        Task[] writes = [.. Enumerable.Range(0, 50).Select(n => Storage(store).WriteStateAsync("state", Id, With($"{n}")))];

        await Task.WhenAny(Task.WhenAll(writes)).Soon();

        int won = writes.Count(write => write.IsCompletedSuccessfully);
        Assert.Equal(1, won);
        Assert.All(writes.Where(write => write.IsFaulted), write => Assert.IsType<InconsistentStateException>(write.Exception!.InnerException));
    }

    [Fact]
    public async Task Thousands_of_grains_write_at_once_and_every_change_is_there()
    {
        await using SqliteStore store = await OpenAsync();
        IGrainStorage storage = Storage(store);
        await Task.WhenAll(Enumerable.Range(0, 3_000).Select(n => storage.WriteStateAsync("state", GrainId.Parse($"test/{n}"), With($"{n}")))).Soon();

        for (int n = 0; n < 3_000; n++)
        {
            var read = new GrainState<Sample>();
            await storage.ReadStateAsync("state", GrainId.Parse($"test/{n}"), read);
            Assert.Equal($"{n}", read.State!.Text);
        }
    }

    [Fact]
    public async Task A_locked_file_fails_the_write_with_words_and_writing_goes_on_when_it_is_free()
    {
        await using SqliteStore store = await OpenAsync();
        GrainState<Sample> state = With("first");
        await using (var other = new SqliteConnection($"Data Source={_folder.File("grains.db")};Pooling=False"))
        {
            other.Open();
            using SqliteTransaction held = other.BeginTransaction(deferred: false);
            GrainStorageException failure = await Assert.ThrowsAsync<GrainStorageException>(() => Storage(store).WriteStateAsync("state", Id, state).Soon());
            Assert.Contains("locked by another process", failure.Message, StringComparison.Ordinal);
            Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy, (await new StorageHealth(store).CheckHealthAsync(new(), default)).Status);
        }

        await Storage(store).WriteStateAsync("state", Id, state);
        Assert.Equal("first", (await ReadAsync(store)).State!.Text);
        Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, (await new StorageHealth(store).CheckHealthAsync(new(), default)).Status);
    }

    [Fact]
    public async Task A_full_disk_fails_the_write_with_words_and_what_fits_is_still_written()
    {
        await using SqliteStore store = await OpenAsync(maxFileBytes: 1_000_000);
        GrainState<Sample> state = With(new string('x', 10_000_000));
        GrainStorageException failure = await Assert.ThrowsAsync<GrainStorageException>(() => Storage(store).WriteStateAsync("state", Id, state).Soon());
        Assert.Contains("the disk is full", failure.Message, StringComparison.Ordinal);

        state.State = new Sample { Text = "small" };
        await Storage(store).WriteStateAsync("state", Id, state);
        Assert.Equal("small", (await ReadAsync(store)).State!.Text);
    }

    [Fact]
    public async Task A_second_process_is_refused_and_so_are_files_that_are_not_ours()
    {
        await using (SqliteStore store = await OpenAsync(exclusive: true))
        {
            GrainStorageException inUse = await Assert.ThrowsAsync<GrainStorageException>(() => OpenAsync(exclusive: true));
            Assert.Contains("in use by another process", inUse.Message, StringComparison.Ordinal);
        }

        await (await OpenAsync(exclusive: true)).DisposeAsync();
        await File.WriteAllTextAsync(_folder.File("text.db"), new string('x', 10_000));
        GrainStorageException damaged = await Assert.ThrowsAsync<GrainStorageException>(() => OpenAsync("text.db"));
        Assert.Contains("damaged or no SQLite file", damaged.Message, StringComparison.Ordinal);
        await using (var newer = new SqliteConnection($"Data Source={_folder.File("newer.db")};Pooling=False"))
        {
            newer.Open();
            using SqliteCommand command = newer.CreateCommand();
            command.CommandText = "PRAGMA user_version=99";
            command.ExecuteNonQuery();
        }

        Assert.Contains("newer version", (await Assert.ThrowsAsync<GrainStorageException>(() => OpenAsync("newer.db"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_is_readable_by_its_owner_only()
    {
        await using SqliteStore store = await OpenAsync();
        await Storage(store).WriteStateAsync("state", Id, With("x"));

        if (!OperatingSystem.IsWindows())
        {
            foreach (string file in Directory.GetFiles(_folder.Path, "grains.db*"))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    private async Task<SqliteStore> OpenAsync(string file = "grains.db", bool exclusive = false, long maxFileBytes = 0)
    {
        var store = new SqliteStore(
            new SqliteStorageOptions { File = _folder.File(file), BusyTimeout = TimeSpan.FromSeconds(1), Exclusive = exclusive, MaxFileBytes = maxFileBytes }, NullLogger<SqliteStore>.Instance);
        await store.StartAsync(default);
        return store;
    }

    private static SqliteGrainStorage Storage(SqliteStore store) => new(store, new GrainStateSerializer());

    private static GrainState<Sample> With(string text) => new(new Sample { Text = text });

    private static async Task<GrainState<Sample>> ReadAsync(SqliteStore store)
    {
        var state = new GrainState<Sample>();
        await Storage(store).ReadStateAsync("state", Id, state);
        return state;
    }

    private sealed record Sample
    {
        public string Text { get; init; } = "";
    }
}
