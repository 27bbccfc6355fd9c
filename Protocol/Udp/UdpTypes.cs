namespace RPort.Protocol.Udp;

/// <summary>
/// The types one direction has defined. A gob stream says how its structs look before the first value of each, under ids of the sender's choice; which
/// struct is which is told by its name, and which field by its own.
/// </summary>
internal sealed class UdpTypes
{
    public const string Message = "UDPMessage";
    public const string Address = "UDPAddr";

    // Ids that gob gives to its own basic types.
    private const long IntId = 2;
    private const long BytesId = 5;
    private const long StringId = 6;

    // wireType, CommonType, structType and fieldType of encoding/gob.
    private const int WireTypeFields = 7;
    private const int StructField = 2;
    private const int PairFields = 2;

    private const int MaxTypes = 8;
    private const int MaxFields = 8;
    private const int MaxNameBytes = 64;

    private readonly Dictionary<long, UdpType> _types = [];

    public UdpType? Find(long id) => _types.GetValueOrDefault(id);

    /// <summary>Takes in a definition.</summary>
    /// <returns>False where it is malformed, repeated, one too many, or of a struct that has no place in a datagram's frame.</returns>
    public bool TryDefine(long id, GobReader body)
    {
        int? field = -1;
        if (_types.Count == MaxTypes || _types.ContainsKey(id)
            || !body.TryReadField(ref field, WireTypeFields) || field != StructField
            || !TryReadStruct(ref body, id, out UdpType? type)
            || !body.TryReadField(ref field, WireTypeFields) || field is not null || !body.AtEnd)
        {
            return false;
        }

        _types.Add(id, type!);
        return true;
    }

    private static bool TryReadStruct(ref GobReader body, long id, out UdpType? type)
    {
        type = null;
        int? field = -1;
        if (!body.TryReadField(ref field, PairFields) || field != 0 || !TryReadPair(ref body, out string name, out long ownId) || ownId != id
            || !body.TryReadField(ref field, PairFields) || field != 1 || !body.TryReadUnsigned(out ulong count) || count > MaxFields)
        {
            return false;
        }

        UdpField[] fields = new UdpField[count];
        for (int i = 0; i < fields.Length; i++)
        {
            if (!TryReadPair(ref body, out string fieldName, out long fieldType) || Known(name, fieldName, fieldType) is not { } known)
            {
                return false;
            }

            fields[i] = new UdpField(known, fieldType);
        }

        type = new UdpType(name, fields);
        return body.TryReadField(ref field, PairFields) && field is null;
    }

    /// <summary>A name and an id: what CommonType and fieldType have in common.</summary>
    private static bool TryReadPair(ref GobReader body, out string name, out long id)
    {
        id = 0;
        name = "";
        int? field = -1;
        return body.TryReadField(ref field, PairFields) && field == 0 && body.TryReadText(MaxNameBytes, out name)
            && body.TryReadField(ref field, PairFields) && field == 1 && body.TryReadSigned(out id)
            && body.TryReadField(ref field, PairFields) && field is null;
    }

    private static UdpFieldKind? Known(string type, string field, long fieldType) => (type, field, fieldType) switch
    {
        (Message, "Addr", > StringId) => UdpFieldKind.Peer,
        (Message, "Data", BytesId) => UdpFieldKind.Data,
        (Address, "IP", BytesId) => UdpFieldKind.Address,
        (Address, "Port", IntId) => UdpFieldKind.Port,
        (Address, "Zone", StringId) => UdpFieldKind.Zone,
        _ => null,
    };
}

/// <summary>A struct as its sender defined it.</summary>
internal sealed record UdpType(string Name, UdpField[] Fields);

/// <summary>A field of a struct, and the id of its type.</summary>
internal readonly record struct UdpField(UdpFieldKind Kind, long TypeId);

/// <summary>What a field holds.</summary>
internal enum UdpFieldKind
{
    Peer,
    Data,
    Address,
    Port,
    Zone,
}
