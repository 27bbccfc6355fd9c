using Microsoft.OpenApi;

namespace RPort.Gateway.Operations;

/// <summary>Endpoint metadata: one field of a multipart form, for the API's description.</summary>
internal sealed record MultipartField(string Name, string Description, bool Required = false, bool Repeated = false, bool File = false, JsonSchemaType Type = JsonSchemaType.String)
{
    public IOpenApiSchema Schema()
    {
        var one = new OpenApiSchema { Type = Type, Description = Description, Format = File ? "binary" : null };
        return Repeated ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = one, Description = Description } : one;
    }
}
