using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using RPort.Gateway.Json;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Clients;

/// <summary>What may be asked of the client list, and how its sparse answers are cut out of the full view.</summary>
internal static class ClientListShape
{
    /// <summary>Groups of clients do not exist yet: a filter on them is understood and matches nothing.</summary>
    public const string Groups = "groups";

    private static readonly ImmutableArray<string> DefaultFields = ["id", "name", "hostname"];

    public static ListShape Clients { get; } = new(
        "clients",
        ClientFields.All.Select(f => f.Name).Append(Groups).ToFrozenSet(StringComparer.Ordinal),
        FrozenSet.Create(StringComparer.Ordinal, "id", "name", "os", "hostname", "version"),
        GatewayJson.Options.GetTypeInfo(typeof(ClientView)).Properties.Select(p => p.Name).ToFrozenSet(StringComparer.Ordinal),
        DefaultLimit: 50,
        MaxLimit: 500);

    public static ListShape Tags { get; } = ListShape.PagesOnly("client-tags", 50, 500);

    /// <summary>The fields asked for, in the order of the full view.</summary>
    public static JsonObject Cut(ClientRecord record, ImmutableArray<string> fields)
    {
        ImmutableArray<string> wanted = fields.IsEmpty ? DefaultFields : fields;
        JsonObject view = JsonSerializer.SerializeToNode(ClientView.From(record), GatewayJson.Options)!.AsObject();
        foreach (string name in view.Select(property => property.Key).Where(name => !wanted.Contains(name)).ToArray())
        {
            view.Remove(name);
        }

        return view;
    }
}
