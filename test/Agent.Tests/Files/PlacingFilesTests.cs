using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using RPort.Agent.Configuration;
using RPort.Protocol;

namespace RPort.Agent.Tests.Files;

[UnsupportedOSPlatform("windows")]
public sealed class PlacingFilesTests : IAsyncLifetime
{
    private readonly Reception _machine = new();
    private readonly byte[] _content = Encoding.UTF8.GetBytes("file pushed by the gateway\n");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task A_new_file_is_placed_and_reported_in_rports_words()
    {
        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { DestinationFileMode = 0b110_100_000 }, _content);

        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal($"file successfully copied to destination {_machine.In("file.bin")}", result.Message);
        Assert.Equal(_machine.In("file.bin"), result.FilePath);
        Assert.Equal(_content.Length, result.Size);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal((UnixFileMode)0b110_100_000, Reception.Mode(_machine.In("file.bin")));
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task A_large_file_arrives_whole()
    {
        byte[] content = Reception.Random(5_000_003);
        UploadResult result = await _machine.PushAsync(_machine.Order(content), content);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(content, File.ReadAllBytes(_machine.In("file.bin")));
    }

    [Fact]
    public async Task An_empty_file_is_placed_without_a_fetch()
    {
        MemoryPayload source = new([]);
        UploadResult result = await _machine.PushAsync(_machine.Order([]), source);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Empty(File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal(0, source.Fetches);
    }

    [Fact]
    public async Task Without_a_mode_a_new_file_gets_0644_and_missing_folders_get_0755()
    {
        await _machine.PushAsync(_machine.Order(_content, "a/b/c.txt") with { DestinationFileMode = 0 }, _content);
        Assert.Equal((UnixFileMode)0b110_100_100, Reception.Mode(_machine.In("a/b/c.txt")));
        Assert.Equal((UnixFileMode)0b111_101_101, Reception.Mode(_machine.In("a")));
        Assert.Equal((UnixFileMode)0b111_101_101, Reception.Mode(_machine.In("a/b")));
    }

    [Fact]
    public async Task A_file_mode_without_execute_does_not_make_an_unusable_folder()
    {
        UploadResult result = await _machine.PushAsync(_machine.Order(_content, "new/c.txt") with { DestinationFileMode = 0b110_100_100 }, _content);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal((UnixFileMode)0b111_101_101, Reception.Mode(_machine.In("new")));
        Assert.Equal((UnixFileMode)0b111_000_000, Reception.Mode(_machine.PushFolder));
    }

    [Fact]
    public async Task An_existing_file_is_left_alone_without_force_and_sync()
    {
        File.WriteAllText(_machine.In("file.bin"), "old");
        MemoryPayload source = new(_content);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), source);
        Assert.Equal(UploadResult.Ignored, result.Status);
        Assert.Equal($"file {_machine.In("file.bin")} already exists, should not be synched or overwritten with force", result.Message);
        Assert.Equal(_machine.In("file.bin"), result.FilePath);
        Assert.Equal(0, result.Size);
        Assert.Equal("old", File.ReadAllText(_machine.In("file.bin")));
        Assert.Equal(0, source.Fetches);
    }

    [Fact]
    public async Task Force_replaces_and_keeps_mode_and_owner_of_the_old_file()
    {
        File.WriteAllText(_machine.In("file.bin"), "old");
        File.SetUnixFileMode(_machine.In("file.bin"), (UnixFileMode)0b110_000_100);
        if (Reception.IsRoot) { await Reception.RunAsync("chown", "12345:23456", _machine.In("file.bin")); }

        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { ForceWrite = true }, _content);

        Assert.Equal($"file successfully copied to destination {_machine.In("file.bin")}", result.Message);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal((UnixFileMode)0b110_000_100, Reception.Mode(_machine.In("file.bin")));
        if (Reception.IsRoot) { Assert.Equal("12345:23456", await Reception.RunAsync("stat", "-c", "%u:%g", _machine.In("file.bin"))); }
    }

    [Fact]
    public async Task Sync_replaces_a_file_of_other_content_even_of_the_same_size()
    {
        byte[] old = [.. _content];
        old[0] ^= 1;
        File.WriteAllBytes(_machine.In("file.bin"), old);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { Sync = true }, _content);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sync_of_an_equal_file_is_ignored_without_a_fetch(bool sha256)
    {
        File.WriteAllBytes(_machine.In("file.bin"), _content);
        File.SetUnixFileMode(_machine.In("file.bin"), (UnixFileMode)0b110_000_100);
        MemoryPayload source = new(_content);
        UploadOrder order = _machine.Order(_content) with { Sync = true, DestinationFileMode = 0b110_000_100 };
        UploadResult result = await _machine.PushAsync(sha256 ? order : order with { Sha256Checksum = null, Size = null }, source);
        Assert.Equal(UploadResult.Ignored, result.Status);
        Assert.Equal($"file {_machine.In("file.bin")} already exists, should not be synched or overwritten with force", result.Message);
        Assert.Equal(0, source.Fetches);
    }

    [Fact]
    public async Task Sync_mends_a_mode_in_place_without_a_fetch()
    {
        File.WriteAllBytes(_machine.In("file.bin"), _content);
        File.SetUnixFileMode(_machine.In("file.bin"), (UnixFileMode)0b110_000_100);
        string inode = await Reception.RunAsync("stat", "-c", "%i", _machine.In("file.bin"));
        MemoryPayload source = new(_content);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { Sync = true, DestinationFileMode = 0b110_100_000 }, source);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal($"file {_machine.In("file.bin")} has this content already, mode set to 0640", result.Message);
        Assert.Equal((UnixFileMode)0b110_100_000, Reception.Mode(_machine.In("file.bin")));
        Assert.Equal(inode, await Reception.RunAsync("stat", "-c", "%i", _machine.In("file.bin")));
        Assert.Equal(0, source.Fetches);
    }

    [Fact]
    public async Task Owner_and_group_are_set_by_name_or_number_and_mended_by_sync()
    {
        if (!Reception.IsRoot) { return; } // only root gives files away
        UploadOrder order = _machine.Order(_content) with { DestinationFileOwner = "nobody", DestinationFileGroup = "daemon", DestinationFileMode = 0b100_111_111_101 };
        Assert.Equal(UploadResult.Success, (await _machine.PushAsync(order, _content)).Status);
        Assert.Equal("nobody:daemon 4775", await Reception.RunAsync("stat", "-c", "%U:%G %a", _machine.In("file.bin")));

        MemoryPayload source = new(_content);
        UploadResult mended = await _machine.PushAsync(order with { Id = "push-2", DestinationFileOwner = "4711", Sync = true, DestinationFileMode = 0 }, source);
        Assert.Equal($"file {_machine.In("file.bin")} has this content already, owner set to 4711:daemon", mended.Message);
        Assert.Equal("4711", await Reception.RunAsync("stat", "-c", "%u", _machine.In("file.bin")));
        Assert.Equal(0, source.Fetches);
    }

    [Fact]
    public async Task An_owner_alone_means_its_login_group_too()
    {
        if (!Reception.IsRoot) { return; } // only root gives files away
        await _machine.PushAsync(_machine.Order(_content) with { DestinationFileOwner = "daemon" }, _content);
        Assert.Equal("daemon:daemon", await Reception.RunAsync("stat", "-c", "%U:%G", _machine.In("file.bin")));
    }

    [Fact]
    public async Task An_unknown_owner_is_an_error_and_nothing_is_placed()
    {
        MemoryPayload source = new(_content);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { DestinationFileOwner = "nosuchuser" }, source);
        Assert.Equal(UploadResult.Error, result.Status);
        Assert.Equal($"chown of {_machine.PushFolder}/push-1_rport_filepush failed: unknown user nosuchuser", result.Message);
        Assert.Equal("", result.FilePath);
        Assert.False(File.Exists(_machine.In("file.bin")));
        Assert.Equal(0, source.Fetches);
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task Lenient_ownership_turns_an_unknown_owner_into_a_note()
    {
        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { DestinationFileGroup = "nosuchgroup", LenientOwnership = true }, _content);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(
            $"chown of {_machine.PushFolder}/push-1_rport_filepush failed: unknown group nosuchgroup.file successfully copied to destination {_machine.In("file.bin")}",
            result.Message);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
    }

    [Fact]
    public async Task A_folder_or_a_special_file_at_the_destination_is_a_clear_error()
    {
        Directory.CreateDirectory(_machine.In("folder"));
        await Reception.RunAsync("mkfifo", _machine.In("pipe"));
        UploadResult folder = await _machine.PushAsync(_machine.Order(_content, "folder") with { ForceWrite = true }, _content);
        UploadResult pipe = await _machine.PushAsync(_machine.Order(_content, "pipe", "push-2") with { Sync = true }, _content);
        UploadResult below = await _machine.PushAsync(_machine.Order(_content, "pipe/x", "push-3"), _content);
        Assert.Equal($"destination {_machine.In("folder")} is a folder", folder.Message);
        Assert.Equal($"destination {_machine.In("pipe")} is neither a file nor a folder", pipe.Message);
        Assert.Equal($"{_machine.In("pipe")} is not a folder", below.Message);
    }

    [Fact]
    public async Task A_wrong_checksum_places_nothing_and_says_so_in_rports_words()
    {
        UploadOrder order = _machine.Order(_content);
        byte[] other = Encoding.UTF8.GetBytes("FILE pushed by the gateway\n");
        UploadResult sha256 = await _machine.PushAsync(order, other);
        UploadResult md5 = await _machine.PushAsync(order with { Id = "push-2", Sha256Checksum = null }, other);
        Assert.Equal(
            $"sha256 check failed: checksum from server {Convert.ToHexStringLower(SHA256.HashData(_content))} doesn't equal the calculated checksum", sha256.Message);
        Assert.Equal($"md5 check failed: checksum from server {Convert.ToHexStringLower(MD5.HashData(_content))} doesn't equal the calculated checksum", md5.Message);
        Assert.Equal(UploadResult.Error, sha256.Status);
        Assert.False(File.Exists(_machine.In("file.bin")));
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task Sha256_decides_where_both_are_given()
    {
        UploadOrder order = _machine.Order(_content) with { Md5Checksum = Convert.ToBase64String(new byte[16]) };
        Assert.Equal(UploadResult.Success, (await _machine.PushAsync(order, _content)).Status);
    }

    [Fact]
    public async Task Content_of_another_size_than_announced_is_refused()
    {
        UploadResult less = await _machine.PushAsync(_machine.Order(_content) with { Size = _content.Length + 1 }, _content);
        UploadResult more = await _machine.PushAsync(_machine.Order(_content, id: "push-2") with { Size = _content.Length - 1 }, _content);
        Assert.Equal($"size check failed: the server announced {_content.Length + 1} bytes and sent {_content.Length}", less.Message);
        Assert.Equal($"size check failed: the server sends more than the {_content.Length - 1} bytes it announced", more.Message);
    }

    [Fact]
    public async Task A_payload_the_server_does_not_give_is_an_error()
    {
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), new MemoryPayload(_content) { Unavailable = "no such file" });
        Assert.Equal("the server does not give the file: no such file", result.Message);
        Assert.Equal(UploadResult.Error, result.Status);
    }

    [Fact]
    public async Task Reception_switched_off_refuses()
    {
        await using Reception off = new() { Options = new FileReceptionOptions { Enabled = false } };
        UploadResult result = await off.PushAsync(off.Order(_content), _content);
        Assert.Equal("uploads are disabled on this client, check [file-reception] enabled option", result.Message);
    }

    [Fact]
    public void Malformed_orders_are_refused_before_anything_is_touched()
    {
        UploadOrder order = _machine.Order(_content);
        (UploadOrder Order, string Text)[] malformed =
        [
            (order with { Id = "../x" }, "the push id is not a plain file name"),
            (order with { Id = "" }, "the push id is not a plain file name"),
            (order with { Id = ".x" }, "the push id is not a plain file name"),
            (order with { Id = "a/b" }, "the push id is not a plain file name"),
            (order with { SourceFilePath = "" }, "empty source file name"),
            (order with { DestinationPath = "" }, "empty destination file path"),
            (order with { DestinationPath = "relative/x" }, "destination path relative/x is not absolute"),
            (order with { DestinationPath = _machine.Dest + "/" }, $"destination path {_machine.Dest}/ names a folder, not a file"),
            (order with { DestinationPath = null! }, "the order is incomplete"),
            (order with { Size = -1 }, "file size -1 is negative"),
            (order with { DestinationFileMode = 0b1_000_000_000_000 }, "file mode 4096 is not one (0 to octal 7777)"),
            (order with { DestinationFileOwner = "--reference=/etc/shadow" }, "the file owner is not a user name"),
            (order with { DestinationFileGroup = "a:b" }, "the file group is not a group name"),
            (order with { Sha256Checksum = "AAAA" }, "the SHA-256 checksum is not one"),
            (order with { Sha256Checksum = null, Md5Checksum = "" }, "the MD5 checksum is not one"),
        ];
        MemoryPayload source = new(_content);
        var receiver = _machine.Start(source);
        foreach ((UploadOrder bad, string text) in malformed)
        {
            Assert.Equal(text, receiver.Accept(bad).Refusal);
        }

        Assert.Equal(0, source.Fetches);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_machine.Dest));
    }

    [Fact]
    public async Task With_servers_of_the_base_protocol_each_order_is_done_anew_and_nothing_is_remembered()
    {
        byte[] other = Encoding.UTF8.GetBytes("another content");
        var receiver = _machine.Start(new MemoryPayload(_content), push2: false);
        UploadOrder order = _machine.Order(_content) with { Sha256Checksum = null, Size = null, Attempt = null, ForceWrite = true };
        Assert.True(receiver.Accept(order).Accepted);
        UploadResult first = await receiver.WaitForResultAsync(order.Id, CancellationToken.None);
        _machine.Attach(receiver, new MemoryPayload(other), push2: false);
        Assert.True(receiver.Accept(order with { Md5Checksum = Convert.ToBase64String(MD5.HashData(other)) }).Accepted);
        UploadResult second = await receiver.WaitForResultAsync(order.Id, CancellationToken.None);

        Assert.Equal(UploadResult.Success, first.Status);
        Assert.Null(first.Attempt);
        Assert.Equal(other.Length, second.Size);
        Assert.Equal(other, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_machine.PushFolder));
        Assert.False(_machine.HasReport);
    }
}
