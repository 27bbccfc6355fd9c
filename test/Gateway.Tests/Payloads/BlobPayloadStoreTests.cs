using System.Diagnostics;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RPort.Gateway.Payloads;
using RPort.Gateway.Payloads.Blob;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Payloads;

/// <summary>The Azure Blob store on the emulator, whole and with the storage away.</summary>
public sealed class BlobPayloadStoreTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rport-blobs-");
    private Azurite _azurite = null!;
    private PayloadOptions _options = null!;
    private BlobContainerClient _container = null!;
    private BlobPayloadCache _cache = null!;
    private BlobPayloadStore _store = null!;

    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync(_folder.CreateSubdirectory("azurite").FullName);
        _options = new PayloadOptions
        {
            Store = PayloadStoreKind.AzureBlob,
            BlobConnectionString = _azurite.ConnectionString,
            CacheFolder = Path.Combine(_folder.FullName, "cache"),
            BlobTimeout = TimeSpan.FromSeconds(5),
        };
        Open();
    }

    public async Task DisposeAsync()
    {
        await _cache.DisposeAsync();
        await _azurite.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_written_is_read_by_many_from_one_download()
    {
        byte[] content = RandomNumberGenerator.GetBytes(9_000_001); // two whole blocks and a part
        Assert.True(await WriteAsync("a", content));

        IPayloadReader[] readers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!));
        byte[][] read = await Task.WhenAll(readers.Select(ReadAllAsync));

        Assert.All(read, bytes => Assert.True(content.AsSpan().SequenceEqual(bytes)));
        Assert.Single(Directory.GetFiles(_options.CacheFolder));
        foreach (IPayloadReader reader in readers)
        {
            await reader.DisposeAsync();
        }

        await _store.ForgetAsync(new UploadId("a"));
        await Eventually.TrueAsync("the copy is deleted", () => Task.FromResult(Directory.GetFiles(_options.CacheFolder).Length == 0));
    }

    [Fact]
    public async Task An_id_is_given_once_and_what_is_not_committed_or_deleted_leaves_nothing()
    {
        await using (IPayloadWriter dropped = await _store.CreateAsync(CancellationToken.None))
        {
            await dropped.WriteAsync(new byte[10], CancellationToken.None);
        }

        Assert.True(await WriteAsync("a", [1, 2, 3]));
        Assert.False(await WriteAsync("a", [9]));
        Assert.True(await WriteAsync("empty", []));

        await using IPayloadReader a = (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!;
        Assert.Equal([1, 2, 3], await ReadAllAsync(a));
        await using IPayloadReader empty = (await _store.OpenReadAsync(new UploadId("empty"), CancellationToken.None))!;
        Assert.Empty(await ReadAllAsync(empty));
        Assert.Null(await _store.OpenReadAsync(new UploadId("never"), CancellationToken.None));
        Assert.Equal(4, (await BlobsAsync()).Count);
        await _store.DeleteAsync(new UploadId("a"), CancellationToken.None);
        await _store.DeleteAsync(new UploadId("a"), CancellationToken.None);
        await _store.DeleteAsync(new UploadId("empty"), CancellationToken.None);
        Assert.Empty(await BlobsAsync());
    }

    [Fact]
    public async Task The_sweeper_sees_the_committed_and_removes_bytes_that_nothing_names()
    {
        await WriteAsync("kept", [1]);
        await WriteAsync("lost", [2]);
        await _container.GetBlobClient("push/lost").DeleteAsync(); // as a crash between the two steps of a deletion leaves it

        await _store.RemoveUnfinishedAsync(TimeSpan.FromHours(1), CancellationToken.None);
        Assert.Equal(3, (await BlobsAsync()).Count);
        await _store.RemoveUnfinishedAsync(TimeSpan.FromHours(-1), CancellationToken.None);

        Assert.Equal(2, (await BlobsAsync()).Count);
        List<StoredPayload> listed = [];
        await foreach (StoredPayload payload in _store.ListAsync(CancellationToken.None))
        {
            listed.Add(payload);
        }

        Assert.Equal("kept", Assert.Single(listed).Upload.Value);
    }

    [Fact]
    public async Task While_the_storage_is_away_an_upload_fails_soon_and_a_reader_waits_and_then_gets_all()
    {
        byte[] content = RandomNumberGenerator.GetBytes(3_000_000);
        await WriteAsync("a", content);
        await _azurite.StopAsync();
        await _cache.DisposeAsync();
        Open(); // a gateway that has just started: no copy, no container known

        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAsync<PayloadStoreUnavailableException>(() => WriteAsync("b", content));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"The upload was refused after {watch.Elapsed}.");
        Task<IPayloadReader?> opening = _store.OpenReadAsync(new UploadId("a"), CancellationToken.None);
        Assert.False(opening.IsCompleted);
        using var gaveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.OpenReadAsync(new UploadId("a"), gaveUp.Token));

        await _azurite.StartAsync();

        await using IPayloadReader reader = (await opening.WaitAsync(TimeSpan.FromSeconds(60)))!;
        Assert.Equal(content, await ReadAllAsync(reader));
        Assert.True(await WriteAsync("b", [1]));
    }

    [Fact]
    public async Task A_copy_whose_payload_is_deleted_meanwhile_fails_its_readers_instead_of_keeping_them_waiting()
    {
        await WriteAsync("a", [1]);
        BlobProperties push = await _container.GetBlobClient("push/a").GetPropertiesAsync();
        await _container.GetBlobClient("bytes/" + push.Metadata["bytes"]).DeleteAsync();

        await using IPayloadReader reader = (await _store.OpenReadAsync(new UploadId("a"), CancellationToken.None))!;

        await Assert.ThrowsAsync<IOException>(() => reader.ReadAsync(0, new byte[1], CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private void Open()
    {
        _container = PayloadSetup.Container(_options);
        var names = new BlobNames(_container);
        IOptions<PayloadOptions> options = Options.Create(_options);
        _cache = new BlobPayloadCache(names, options, TimeProvider.System, NullLogger<BlobPayloadCache>.Instance);
        _store = new BlobPayloadStore(names, _cache, options, TimeProvider.System);
    }

    private async Task<bool> WriteAsync(string id, byte[] content)
    {
        await using IPayloadWriter writer = await _store.CreateAsync(CancellationToken.None);
        await writer.WriteAsync(content, CancellationToken.None);
        return await writer.CommitAsync(new UploadId(id), CancellationToken.None);
    }

    private static async Task<byte[]> ReadAllAsync(IPayloadReader reader)
    {
        byte[] all = new byte[reader.Length];
        int filled = 0;
        while (filled < all.Length)
        {
            int part = Math.Min(32 * 1024, all.Length - filled);
            int read = await reader.ReadAsync(filled, all.AsMemory(filled, part), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(part, read);
            filled += read;
        }

        return all;
    }

    private async Task<List<string>> BlobsAsync()
    {
        List<string> names = [];
        await foreach (BlobItem blob in _container.GetBlobsAsync())
        {
            names.Add(blob.Name);
        }

        return names;
    }
}
