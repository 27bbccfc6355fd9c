using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads.Blob;

/// <summary>Writes one payload in blocks: one is on its way while the next fills. Blocks that are never committed are dropped by the store.</summary>
internal sealed class BlobPayloadWriter(BlobNames names, TimeSpan limit) : IPayloadWriter
{
    /// <summary>50,000 of them, the most a blob may have, are 195 GiB.</summary>
    private const int BlockBytes = 4 * 1024 * 1024;

    private readonly string _name = Guid.NewGuid().ToString("N");
    private readonly List<string> _blocks = [];
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private byte[] _onItsWay = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private int _filled;
    private long _length;
    private Task _staging = Task.CompletedTask;
    private bool _bytesCommitted;
    private bool _done;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, BlockBytes - _filled);
            bytes[..part].CopyTo(_filling.AsMemory(_filled));
            _filled += part;
            _length += part;
            bytes = bytes[part..];
            if (_filled == BlockBytes)
            {
                await SendBlockAsync(cancellationToken);
            }
        }
    }

    public async Task<bool> CommitAsync(UploadId upload, CancellationToken cancellationToken)
    {
        if (_filled > 0)
        {
            await SendBlockAsync(cancellationToken);
        }

        await _staging;
        await BlobFailure.GuardAsync(
            token => names.Bytes(_name).CommitBlockListAsync(_blocks, new CommitBlockListOptions { Metadata = new Dictionary<string, string> { [BlobNames.UploadKey] = upload.Value } }, token),
            limit, cancellationToken);
        _bytesCommitted = true;
        _done = await BlobFailure.GuardAsync(token => CreatePushAsync(upload, token), limit, cancellationToken);
        return _done;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(_staging); // a failure has been told, or does not matter any more
        ArrayPool<byte>.Shared.Return(_filling);
        ArrayPool<byte>.Shared.Return(_onItsWay);
        if (_bytesCommitted && !_done)
        {
            try
            {
                await BlobFailure.GuardAsync(token => names.Bytes(_name).DeleteIfExistsAsync(cancellationToken: token), limit, CancellationToken.None);
            }
            catch (PayloadStoreUnavailableException)
            {
                // the sweep finds it
            }
        }
    }

    private async Task<bool> CreatePushAsync(UploadId upload, CancellationToken cancellationToken)
    {
        try
        {
            await names.Push(upload).UploadAsync(
                BinaryData.FromBytes(ReadOnlyMemory<byte>.Empty),
                new BlobUploadOptions
                {
                    Metadata = new Dictionary<string, string> { [BlobNames.BytesKey] = _name, [BlobNames.LengthKey] = _length.ToString(CultureInfo.InvariantCulture) },
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Taken; by ourselves where the first try of this request landed and only its answer was lost.
            BlobProperties there = await names.Push(upload).GetPropertiesAsync(cancellationToken: cancellationToken);
            return there.Metadata.TryGetValue(BlobNames.BytesKey, out string? name) && name == _name;
        }
    }

    private async Task SendBlockAsync(CancellationToken cancellationToken)
    {
        await _staging;
        (_filling, _onItsWay) = (_onItsWay, _filling);
        byte[] id = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(id, _blocks.Count);
        string block = Convert.ToBase64String(id);
        _blocks.Add(block);
        _staging = StageAsync(block, _filled, cancellationToken);
        _filled = 0;
    }

    private Task StageAsync(string block, int length, CancellationToken cancellationToken) => BlobFailure.GuardAsync(
        async token =>
        {
            using var content = new MemoryStream(_onItsWay, 0, length, writable: false);
            return await names.Bytes(_name).StageBlockAsync(block, content, cancellationToken: token);
        },
        limit, cancellationToken);
}
