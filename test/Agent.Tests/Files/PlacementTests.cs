using System.Runtime.Versioning;
using System.Text;
using RPort.Agent.Configuration;
using RPort.Agent.Files;
using RPort.Protocol;

namespace RPort.Agent.Tests.Files;

/// <summary>The move into place: atomic, across file systems, without room, without rights.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PlacementTests : IAsyncLifetime
{
    private const uint Nobody = 65534;

    private readonly Reception _machine = new() { Options = new FileReceptionOptions { Protected = [] } };
    private readonly Reception _other = new("/dev/shm"); // memory: another file system than /tmp on every Linux we test on
    private readonly byte[] _content = Reception.Random(3_000_000);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _machine.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_sees_the_old_or_the_new_file_and_never_anything_else(bool acrossFileSystems)
    {
        string destination = (acrossFileSystems ? _other : _machine).In("file.bin");
        byte[][] versions = [.. Enumerable.Range(0, 9).Select(i => Reception.Random(1_000_000 + i, seed: i))];
        File.WriteAllBytes(destination, versions[0]);
        using CancellationTokenSource stop = new();
        Task<int> reading = Task.Run(() =>
        {
            int read = 0;
            for (; !stop.IsCancellationRequested; read++)
            {
                byte[] seen = File.ReadAllBytes(destination); // throws where there is no file for a moment
                Assert.True(versions.Any(version => version.AsSpan().SequenceEqual(seen)), $"a reader saw {seen.Length} bytes of no version");
            }

            return read;
        });
        for (int i = 1; i < versions.Length; i++)
        {
            UploadResult result = await _machine.PushAsync(_machine.Order(versions[i], destination, $"push-{i}") with { ForceWrite = true }, versions[i]);
            Assert.Equal($"file successfully copied to destination {destination}", result.Message);
        }

        await stop.CancelAsync();
        Assert.True(await reading.WaitAsync(Reception.Patience) > 0);
    }

    [Fact]
    public async Task Across_file_systems_mode_and_owner_are_right_and_nothing_is_left()
    {
        Assert.NotEqual(await Reception.RunAsync("stat", "-c", "%d", _machine.Root), await Reception.RunAsync("stat", "-c", "%d", _other.Root));
        UploadOrder order = _machine.Order(_content, _other.In("new/file.bin")) with { DestinationFileMode = 0b110_100_000 };
        if (Reception.IsRoot) { order = order with { DestinationFileOwner = "daemon" }; }
        UploadResult result = await _machine.PushAsync(order, _content);
        Assert.Equal($"file successfully copied to destination {_other.In("new/file.bin")}", result.Message);
        Assert.Equal(_content, File.ReadAllBytes(_other.In("new/file.bin")));
        Assert.Equal((UnixFileMode)0b110_100_000, Reception.Mode(_other.In("new/file.bin")));
        if (Reception.IsRoot) { Assert.Equal("daemon:daemon", await Reception.RunAsync("stat", "-c", "%U:%G", _other.In("new/file.bin"))); }
        Assert.Empty(_machine.Leftovers());
        Assert.Empty(_other.Leftovers());
    }

    [Theory]
    [InlineData(PushStage.Intended)]
    [InlineData(PushStage.Placed)]
    internal async Task A_crash_while_placing_across_file_systems_leaves_nothing_after_the_next_try(PushStage stage)
    {
        File.WriteAllText(_other.In("file.bin"), "old");
        UploadOrder order = _machine.Order(_content, _other.In("file.bin")) with { ForceWrite = true };
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FileReceiverSettings settings = _machine.Settings;
        _machine.Settings = settings with
        {
            Reached = reached =>
            {
                if (reached != stage) { return Task.CompletedTask; }
                stopped.TrySetResult();
                return new TaskCompletionSource().Task; // for good
            },
        };
        FileReceiver crashed = _machine.Start(new MemoryPayload(_content), crashes: true);
        Assert.True(crashed.Accept(order).Accepted);
        await stopped.Task.WaitAsync(Reception.Patience);
        Assert.Equal(stage == PushStage.Intended ? 1 : 0, _other.Leftovers().Count);

        _machine.Settings = settings;
        MemoryPayload source = new(_content);
        FileReceiver next = _machine.Start();
        if (stage == PushStage.Placed)
        {
            Assert.Equal(UploadResult.Success, (await _machine.PushAsync(order, source, next)).Status);
            Assert.Equal(0, source.Fetches);
            Assert.Equal(_content, File.ReadAllBytes(_other.In("file.bin")));
        }
        else
        {
            next.Cancel("push-1");
            Assert.Equal("old", File.ReadAllText(_other.In("file.bin")));
        }

        Assert.Empty(_other.Leftovers());
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task A_file_that_appears_while_another_is_fetched_is_not_overwritten()
    {
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(_machine.Order(_content)).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        File.WriteAllText(_machine.In("file.bin"), "somebody else's");
        source.Release.SetResult();
        Assert.Equal(UploadResult.Ignored, (await _machine.ReportAsync("push-1")).Status);
        Assert.Equal("somebody else's", File.ReadAllText(_machine.In("file.bin")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_appears_at_the_very_last_moment_is_not_overwritten(bool acrossFileSystems)
    {
        string destination = (acrossFileSystems ? _other : _machine).In("file.bin");
        _machine.Settings = _machine.Settings with
        {
            Reached = stage =>
            {
                if (stage == PushStage.Intended) { File.WriteAllText(destination, "somebody else's"); }
                return Task.CompletedTask;
            },
        };
        UploadResult result = await _machine.PushAsync(_machine.Order(_content, destination), _content);
        Assert.Equal($"file {destination} already exists, should not be synched or overwritten with force", result.Message);
        Assert.Equal("somebody else's", File.ReadAllText(destination));
        Assert.Empty(_machine.Leftovers());
        Assert.Empty(_other.Leftovers());
    }

    [Fact]
    public async Task A_destination_without_room_is_told_before_the_fetch()
    {
        if (!Reception.IsRoot) { return; } // only root mounts
        await using SmallDisk disk = await SmallDisk.MountAsync(_machine);
        MemoryPayload source = new(_content);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content, Path.Join(disk.Path, "deep/file.bin")), source);
        Assert.Matches($"^not enough free space in {disk.Path}: 3000000 bytes needed, [0-9]+ available$", result.Message);
        Assert.Equal(0, source.Fetches);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));
    }

    [Fact]
    public async Task A_staging_disk_that_fills_up_fails_the_push_and_is_cleared()
    {
        if (!Reception.IsRoot) { return; } // only root mounts
        await using SmallDisk disk = await SmallDisk.MountAsync(_machine);
        File.CreateSymbolicLink(_machine.Data, disk.Path);
        UploadResult told = await _machine.PushAsync(_machine.Order(_content), _content);
        Assert.StartsWith("not enough free space in ", told.Message, StringComparison.Ordinal);

        UploadResult full = await _machine.PushAsync(_machine.Order(_content, id: "push-2") with { Size = null }, _content);
        Assert.Equal("cannot write the staging file: no space left on device", full.Message);
        Assert.Empty(_machine.Leftovers());
        Assert.False(File.Exists(_machine.In("file.bin")));
        byte[] small = Encoding.UTF8.GetBytes("fits");
        UploadResult fits = await _machine.PushAsync(_machine.Order(small, id: "push-3"), small);
        Assert.Equal($"file successfully copied to destination {_machine.In("file.bin")}", fits.Message);
    }

    [Fact]
    public async Task Without_the_right_to_write_there_and_without_sudo_the_error_is_clear()
    {
        if (!Reception.IsRoot) { return; } // only root becomes somebody else
        await OwnByNobodyAsync();
        Directory.CreateDirectory(_machine.In("locked"));
        UploadResult result = await ReceiverProcess.ResultAsync(ReceiverProcess.Start(_machine, _machine.Order(_content, "locked/x"), _content, user: Nobody));
        Assert.Equal($"cannot place the file in {_machine.In("locked")}: permission denied", result.Message);
        Assert.Equal(UploadResult.Error, result.Status);
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task Without_the_right_to_look_there_the_error_is_clear()
    {
        if (!Reception.IsRoot) { return; } // only root becomes somebody else
        await OwnByNobodyAsync();
        Directory.CreateDirectory(_machine.In("secret"), (UnixFileMode)0b111_000_000);
        UploadResult result = await ReceiverProcess.ResultAsync(ReceiverProcess.Start(_machine, _machine.Order(_content, "secret/x"), _content, user: Nobody));
        Assert.Equal($"cannot examine {_machine.In("secret/x")}: permission denied", result.Message);
    }

    [Fact]
    public async Task Sudo_gives_the_file_away_and_moves_it_by_exactly_the_two_documented_commands()
    {
        if (!Reception.IsRoot) { return; } // only root becomes somebody else
        await OwnByNobodyAsync();
        string locked = _machine.In("locked"), sudo = await FakeSudoAsync(locked);
        UploadOrder order = _machine.Order(_content, "locked/x") with { DestinationFileOwner = "daemon", DestinationFileGroup = "root", DestinationFileMode = 0b100_100_000 };
        UploadResult result = await ReceiverProcess.ResultAsync(ReceiverProcess.Start(_machine, order, _content, sudo, user: Nobody));
        string staging = $"{_machine.PushFolder}/push-1_rport_filepush";
        Assert.Equal($"file successfully copied to destination {locked}/x", result.Message);
        Assert.Equal([$"-n /usr/bin/chown daemon:root {staging}", $"-n /usr/bin/mv {staging} {locked}/x"], File.ReadAllLines(_machine.In("sudo.log")));
        Assert.Equal(_content, File.ReadAllBytes(locked + "/x"));
        Assert.Equal((UnixFileMode)0b100_100_000, Reception.Mode(locked + "/x"));
        Assert.Empty(_machine.Leftovers());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusing_sudo_fails_the_push_unless_lenient(bool lenient)
    {
        if (!Reception.IsRoot) { return; } // only root becomes somebody else
        await OwnByNobodyAsync();
        string sudo = Script("sudo", "echo 'a password is required' >&2; exit 1");
        UploadOrder order = _machine.Order(_content) with { DestinationFileOwner = "daemon", LenientOwnership = lenient };
        UploadResult result = await ReceiverProcess.ResultAsync(ReceiverProcess.Start(_machine, order, _content, sudo, user: Nobody));
        string staging = $"{_machine.PushFolder}/push-1_rport_filepush";
        string problem = $"chown of {staging} failed: failed to execute sudo -n /usr/bin/chown daemon: {staging}: a password is required: exit status 1";
        Assert.Equal(lenient ? $"{problem}.file successfully copied to destination {_machine.In("file.bin")}" : problem, result.Message);
        Assert.Equal(lenient, File.Exists(_machine.In("file.bin")));
        Assert.Empty(_machine.Leftovers());
    }

    private async Task OwnByNobodyAsync()
    {
        Directory.CreateDirectory(_machine.Data);
        await Reception.RunAsync("chown", "-R", $"{Nobody}:{Nobody}", _machine.Data, _machine.Dest);
    }

    /// <summary>A sudo whose power is to open one folder that belongs to the agent's user and is closed to it; it cannot really give files away.</summary>
    private async Task<string> FakeSudoAsync(string locked)
    {
        Directory.CreateDirectory(locked);
        await Reception.RunAsync("chown", $"{Nobody}", locked);
        File.SetUnixFileMode(locked, (UnixFileMode)0b101_101_101);
        File.WriteAllText(_machine.In("sudo.log"), "");
        await Reception.RunAsync("chown", $"{Nobody}", _machine.In("sudo.log"));
        return Script("sudo", $"""
            printf '%s\n' "$*" >> '{_machine.In("sudo.log")}'
            shift
            case $1 in */chown) exit 0;; esac
            chmod u+w '{locked}'; "$@"; code=$?; chmod u-w '{locked}'; exit $code
            """);
    }

    private string Script(string name, string body)
    {
        string path = Path.Join(_machine.Root, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    /// <summary>One mebibyte, mounted.</summary>
    private sealed class SmallDisk(string path) : IAsyncDisposable
    {
        public string Path => path;

        public static async Task<SmallDisk> MountAsync(Reception machine)
        {
            string path = Directory.CreateDirectory(System.IO.Path.Join(machine.Root, "small")).FullName;
            await Reception.RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
            return new SmallDisk(path);
        }

        public async ValueTask DisposeAsync() => await Reception.RunAsync("umount", "--lazy", path);
    }
}
