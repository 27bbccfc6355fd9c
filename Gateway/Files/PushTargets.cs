using System.Collections.Immutable;
using RPort.Gateway.Clients;
using RPort.Gateway.Errors;
using RPort.Gateway.Files.Form;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files;

/// <summary>Turns client ids, groups or tags into clients that exist.</summary>
internal sealed class PushTargets(ClientDirectory clients)
{
    /// <summary>The targets, without duplicates, or an <see cref="ApiFailureException"/> (400, 404).</summary>
    public async Task<ImmutableArray<UploadTarget>> FindAsync(PushFields fields)
    {
        bool byName = fields.ClientIds.Count + fields.GroupIds.Count > 0;
        if (!byName && fields.Tags is null)
        {
            throw Bad("Missing targeting parameters.", "please specify targeting options, such as client ids, groups ids or tags");
        }

        if (byName && fields.Tags is not null)
        {
            throw Bad("Multiple targeting parameters.", "multiple targeting options are not supported. Please specify only one");
        }

        if (fields.GroupIds is [string unknown, ..])
        {
            throw Bad($"Unknown group with id=\"{unknown}\"."); // there are no client groups yet
        }

        IReadOnlyList<ClientRecord> found = fields.Tags is { } tags ? await ByTagsAsync(tags) : await ByIdAsync(fields.ClientIds);
        return [.. found.Select(client => new UploadTarget(client.Id, client.Connected))];
    }

    private async Task<IReadOnlyList<ClientRecord>> ByIdAsync(IReadOnlyList<string> ids)
    {
        var parsed = new List<ClientId>(ids.Count);
        foreach (string text in ids)
        {
            parsed.Add(ClientId.TryParse(text, null, out ClientId id) ? id : throw new ApiFailureException(ClientEndpoints.NotFound(text)));
        }

        IReadOnlyDictionary<ClientId, ClientRecord> found = await clients.FindAsync(parsed);
        return [.. parsed.Select(id => found.TryGetValue(id, out ClientRecord? client) ? client : throw new ApiFailureException(ClientEndpoints.NotFound(id.Value)))];
    }

    private async Task<IReadOnlyList<ClientRecord>> ByTagsAsync(TagSelection selection)
    {
        string[] tags = [.. (selection.Tags ?? []).Where(tag => tag.Length > 0).Distinct(StringComparer.Ordinal)];
        if (tags.Length == 0)
        {
            throw Bad("No tags specified.", "please specify tags in the tags list");
        }

        // The directory's filters know wildcards and no case; a target list is to be exact.
        IReadOnlyList<ClientRecord> near = await clients.ListAsync(new ClientFilter(["tags"], [.. tags], selection.All));
        ClientRecord[] exact = [.. near.Where(client => selection.All ? tags.All(client.Inventory.Tags.Contains) : tags.Any(client.Inventory.Tags.Contains))];
        return exact.Length > 0 ? exact : throw Bad("at least 1 client should be specified", "no client bears these tags");
    }

    private static ApiFailureException Bad(string title, string detail = "") => new(ApiFailure.BadRequest(title, detail));
}
