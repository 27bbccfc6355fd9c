using System.Collections.Immutable;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>A stretch of the list of all pushes, oldest first. Key: its number, counted from 0.</summary>
[Alias("rport.IUploadIndexSegmentGrain")]
internal interface IUploadIndexSegmentGrain : IGrainWithStringKey
{
    /// <summary>What this stretch holds.</summary>
    Task<UploadIndexSegmentState> GetAsync();

    /// <summary>Adds ids at the end, without those that are there. Durable before it answers.</summary>
    Task AppendAsync(ImmutableArray<UploadId> uploads);

    /// <summary>Removes ids; their places are not given anew. Durable before it answers.</summary>
    Task ForgetAsync(ImmutableArray<UploadId> uploads);

    /// <summary>Removes the stretch, which must be forgotten as a whole, from storage.</summary>
    Task ClearAsync();
}
