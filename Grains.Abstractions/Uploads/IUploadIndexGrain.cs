using System.Collections.Immutable;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>The list of all pushes, newest first. One grain, key <see cref="Key"/>; its entries are kept in segments so that a write stays small.</summary>
[Alias("rport.IUploadIndexGrain")]
public interface IUploadIndexGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    const string Key = "uploads";

    /// <summary>Adds a push. Durable before it answers; idempotent.</summary>
    Task AddAsync(UploadId upload);

    /// <summary>A page of ids, newest first.</summary>
    [SafeToRepeat]
    Task<UploadIndexPage> ListAsync(int offset, int limit);
}

/// <summary>A page of the list and how long the list is.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadIndexPage")]
public sealed record UploadIndexPage([property: Id(0)] int Total, [property: Id(1)] ImmutableArray<UploadId> Uploads);
