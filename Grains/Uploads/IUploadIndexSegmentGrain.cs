using System.Collections.Immutable;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Uploads;

/// <summary>A stretch of the list of all pushes, oldest first. Key: its number, counted from 0.</summary>
[Alias("rport.IUploadIndexSegmentGrain")]
internal interface IUploadIndexSegmentGrain : IGrainWithStringKey
{
    /// <summary>The ids of this stretch.</summary>
    Task<ImmutableArray<UploadId>> GetAsync();

    /// <summary>Adds ids at the end, without those that are there. Durable before it answers.</summary>
    Task AppendAsync(ImmutableArray<UploadId> uploads);
}
