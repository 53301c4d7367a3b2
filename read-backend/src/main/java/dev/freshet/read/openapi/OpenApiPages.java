package dev.freshet.read.openapi;

import dev.freshet.protocol.FreshetHeaders;
import dev.freshet.protocol.Position;
import dev.freshet.read.model.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** The document at {@value #DOCUMENT}, and Swagger UI at {@value #PAGE}. */
public final class OpenApiPages {

  public static final String DOCUMENT = "/openapi.json";
  public static final String PAGE = "/openapi.html";

  private static final String FILES = "/openapi.files/";
  private static final String VENDORED = "META-INF/resources/webjars/swagger-ui/";
  private static final JsonMapper JSON = new JsonMapper();

  private OpenApiPages() {}

  /**
   * The document as an answer.
   *
   * @param at where the source is, or null where that is not known
   */
  public static Mono<ServerResponse> document(
      Collection<Model> models, boolean hasRoles, @Nullable Position at) {
    ServerResponse.BodyBuilder response =
        ServerResponse.ok()
            .contentType(MediaType.APPLICATION_JSON)
            .header(HttpHeaders.CACHE_CONTROL, "no-cache");
    if (at != null) {
      response.header(FreshetHeaders.POSITION, at.toString());
    }
    return response.bodyValue(JSON.writeValueAsBytes(OpenApiDocument.of(models, hasRoles)));
  }

  /** The page and its files. */
  public static RouterFunction<ServerResponse> page() {
    return RouterFunctions.route()
        .GET(
            PAGE,
            request ->
                ServerResponse.ok()
                    .contentType(MediaType.TEXT_HTML)
                    .header(
                        "Content-Security-Policy",
                        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'")
                    .bodyValue(new ClassPathResource("openapi/page.html")))
        .GET(
            FILES + "begin.js",
            request ->
                ServerResponse.ok()
                    .contentType(MediaType.parseMediaType("text/javascript"))
                    .bodyValue(new ClassPathResource("openapi/begin.js")))
        .resources(
            request ->
                request.path().startsWith(FILES) ? Vendored.FILE_OF.apply(request) : Mono.empty())
        .build();
  }

  /** Swagger UI; looked for when somebody asks for it first, which no start waits for. */
  private static final class Vendored {
    static final Function<ServerRequest, Mono<Resource>> FILE_OF =
        RouterFunctions.resourceLookupFunction(FILES + "**", folder());

    private Vendored() {}

    /** Its name is a version. */
    private static Resource folder() {
      try {
        Resource style =
            new PathMatchingResourcePatternResolver()
                .getResources("classpath*:" + VENDORED + "*/swagger-ui.css")[0];
        return style.createRelative("");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
