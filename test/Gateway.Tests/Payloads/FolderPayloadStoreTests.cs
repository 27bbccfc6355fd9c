using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;
using RPort.Testing;

namespace RPort.Gateway.Tests.Payloads;

public sealed class FolderPayloadStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rport-payloads-");
    private readonly ManualTime _time = new(DateTimeOffset.UtcNow);
    private readonly FolderPayloadStore _store;

    public FolderPayloadStoreTests() =>
        _store = new FolderPayloadStore(Options.Create(new PayloadOptions { Folder = Path.Combine(_folder.FullName, "payloads") }), _time);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_was_written_is_read_at_any_offset_by_any_number_of_readers()
    {
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        await using (IPayloadWriter writer = await _store.CreateAsync(CancellationToken.None))
        {
            await writer.WriteAsync(content.AsMemory(0, 100_000), CancellationToken.None);
            Assert.Null(await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None));
            await writer.WriteAsync(content.AsMemory(100_000), CancellationToken.None);
            Assert.True(await writer.CommitAsync(new UploadId("a"), CancellationToken.None));
        }

        await using IPayloadReader one = (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!;
        await using IPayloadReader two = (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!;
        byte[] buffer = new byte[50_000];
        Assert.Equal(300_000, one.Length);
        Assert.Equal(50_000, await one.ReadAsync(123_456, buffer, CancellationToken.None));
        Assert.Equal(content[123_456..173_456], buffer);
        Assert.Equal(10, await two.ReadAsync(299_990, buffer, CancellationToken.None));
        Assert.Equal(content[299_990..], buffer[..10]);
        Assert.Equal(0, await two.ReadAsync(300_000, buffer, CancellationToken.None));
    }

    [Fact]
    public async Task What_is_not_committed_is_gone_and_what_is_there_is_not_replaced()
    {
        await using (IPayloadWriter dropped = await _store.CreateAsync(CancellationToken.None))
        {
            await dropped.WriteAsync(new byte[10], CancellationToken.None);
        }

        Assert.Empty(_folder.EnumerateFiles("*", SearchOption.AllDirectories));
        await WriteAsync("a", [1]);
        await using IPayloadWriter second = await _store.CreateAsync(CancellationToken.None);
        await second.WriteAsync(new byte[] { 2 }, CancellationToken.None);

        Assert.False(await second.CommitAsync(new UploadId("a"), CancellationToken.None));

        await using IPayloadReader reader = (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!;
        byte[] buffer = new byte[1];
        await reader.ReadAsync(0, buffer, CancellationToken.None);
        Assert.Equal(1, buffer[0]);
    }

    [Fact]
    public async Task An_open_reader_finishes_although_the_payload_is_deleted()
    {
        await WriteAsync("a", [1, 2, 3]);
        await using IPayloadReader reader = (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!;

        await _store.DeleteAsync(new UploadId("a"), CancellationToken.None);
        await _store.DeleteAsync(new UploadId("a"), CancellationToken.None);

        byte[] buffer = new byte[3];
        Assert.Equal(3, await reader.ReadAsync(0, buffer, CancellationToken.None));
        Assert.Null(await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None));
    }

    [Fact]
    public async Task The_sweeper_sees_the_committed_and_removes_old_unfinished_ones_only()
    {
        await WriteAsync("a", [1]);
        await using IPayloadWriter unfinished = await _store.CreateAsync(CancellationToken.None);
        await unfinished.WriteAsync(new byte[10], CancellationToken.None);

        await _store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), CancellationToken.None);
        Assert.Equal(2, _folder.EnumerateFiles("*", SearchOption.AllDirectories).Count());
        _time.Advance(TimeSpan.FromHours(2));
        await _store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), CancellationToken.None);

        Assert.Single(_folder.EnumerateFiles("*", SearchOption.AllDirectories));
        List<StoredPayload> listed = [];
        await foreach (StoredPayload payload in _store.ListAsync(CancellationToken.None))
        {
            listed.Add(payload);
        }

        Assert.Equal("a", Assert.Single(listed).Upload.Value);
    }

    private async Task WriteAsync(string id, byte[] content)
    {
        await using IPayloadWriter writer = await _store.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(content, CancellationToken.None);
        Assert.True(await writer.CommitAsync(new UploadId(id), CancellationToken.None));
    }

    [Fact]
    public async Task A_folder_that_was_removed_under_us_is_an_empty_one_and_comes_back()
    {
        string folder = Path.Combine(_folder.FullName, "payloads");
        await using (IPayloadWriter written = await _store.CreateAsync(CancellationToken.None))
        {
            Directory.Delete(folder, recursive: true);
            await Assert.ThrowsAsync<PayloadStoreUnavailableException>(() => written.CommitAsync(new UploadId("a"), CancellationToken.None));
        }

        Assert.Null(await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None));
        await _store.DeleteAsync(new UploadId("a"), CancellationToken.None);
        await _store.RemoveUnfinishedAsync(TimeSpan.Zero, CancellationToken.None);
        await foreach (StoredPayload payload in _store.ListAsync(CancellationToken.None))
        {
            Assert.Fail($"{payload.Upload} cannot be there");
        }

        await using IPayloadWriter next = await _store.CreateAsync(CancellationToken.None);
        Assert.True(await next.CommitAsync(new UploadId("a"), CancellationToken.None));
    }
}
