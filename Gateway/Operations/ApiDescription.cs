using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using RPort.Gateway.Access;
using RPort.Gateway.Errors;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace RPort.Gateway.Operations;

/// <summary>The OpenAPI description at <c>/swagger/v1/swagger.json</c> and the page at <c>/swagger</c>.</summary>
internal static class ApiDescription
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        // Names in the schemas as on the wire.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        });
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo { Title = "RPort", Version = "v1", Description = "Manage machines behind NAT, and push files to them." });
            swagger.AddSecurityDefinition("bearer", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT", Description = "Token of `/login`." });
            swagger.AddSecurityDefinition("basic", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "User and password, on any operation." });
            swagger.SupportNonNullableReferenceTypes();
            swagger.OrderActionsBy(operation => operation.RelativePath);
            swagger.OperationFilter<CommonAnswers>();
            swagger.OperationFilter<HandReadFields>();
        });
        return services;
    }

    public static void MapApiDescription(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<OperationsOptions>>().Value.Swagger)
        {
            app.UseSwagger();
            app.UseSwaggerUI(page =>
            {
                page.DocumentTitle = "RPort API";
                page.SwaggerEndpoint("v1/swagger.json", "RPort v1");
                page.DisplayRequestDuration();
            });
            app.MapGet("/", () => Results.Redirect("/swagger")).AllowAnonymous().ExcludeFromDescription();
        }
    }

    /// <summary>What every operation can answer, and what credentials it wants.</summary>
    private sealed class CommonAnswers : IOperationFilter
    {
        private static readonly Dictionary<string, string> Meanings = new(StringComparer.Ordinal)
        {
            ["200"] = "Done; the answer is under `data`.",
            ["204"] = "Done.",
            ["101"] = "The connection is a WebSocket from here on.",
            ["400"] = "Something of the request is malformed, missing or not allowed; title and detail say what.",
            ["404"] = "There is no such thing.",
            ["409"] = "It does not go with what is there already.",
            ["410"] = "It is no longer kept.",
            ["413"] = "The file, or a field, is too large.",
            ["415"] = "The body is of another content type than this operation reads.",
            ["503"] = "Not at the moment; the same call may succeed later.",
        };

        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            foreach ((string status, IOpenApiResponse response) in operation.Responses ?? [])
            {
                response.Description = Meanings.GetValueOrDefault(status, response.Description ?? "");
            }

            IOpenApiSchema error = context.SchemaGenerator.GenerateSchema(typeof(ErrorBody), context.SchemaRepository);
            IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
            Set(operation, 500, "Something broke; the server's log has more under the request id of the answer.", error);
            if (!metadata.OfType<AnswersBanned>().Any())
            {
                Set(operation, 423, "The caller's address is banned after too many failed log-ins.", error);
            }

            bool open = !metadata.OfType<IAuthorizeData>().Any() || metadata.OfType<IAllowAnonymous>().Any();
            if (!open || operation.Responses?.ContainsKey("401") == true)
            {
                Set(operation, 401, "No, wrong or outlived credentials.", error);
                Set(operation, 429, "The user has to wait a moment after a failed log-in; `Retry-After` says how long.", error);
            }

            if (!open)
            {
                operation.Security = [Requirement("bearer", context.Document), Requirement("basic", context.Document)];
            }
            else if (metadata.OfType<AsksForBasic>().Any())
            {
                operation.Security = [Requirement("basic", context.Document)];
            }
        }

        private static OpenApiSecurityRequirement Requirement(string scheme, OpenApiDocument document) =>
            new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };

        private static void Set(OpenApiOperation operation, int status, string description, IOpenApiSchema error)
        {
            operation.Responses ??= [];
            operation.Responses[$"{status}"] = new OpenApiResponse
            {
                Description = description,
                Content = new Dictionary<string, IOpenApiMediaType> { ["application/json"] = new OpenApiMediaType { Schema = error } },
            };
        }
    }

    /// <summary>The fields of a query or form that are read by hand, which the explorer cannot see.</summary>
    private sealed class HandReadFields : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            IList<object> metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
            foreach (QueryField field in metadata.OfType<QueryField>())
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(field.Parameter());
            }

            MultipartField[] fields = [.. metadata.OfType<MultipartField>()];
            if (fields.Length == 0)
            {
                return;
            }

            var form = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = fields.Where(f => f.Required).Select(f => f.Name).ToHashSet(),
                Properties = fields.ToDictionary(f => f.Name, f => f.Schema()),
            };
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType> { ["multipart/form-data"] = new OpenApiMediaType { Schema = form } },
            };
        }
    }
}
