package dev.freshet.gateway.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.commonmark.Extension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;
import org.springframework.core.io.ClassPathResource;

/** The runbook as a page, so that the console's links lead somewhere wherever it runs. */
final class Runbook {

  private static final List<Extension> EXTENSIONS = List.of(HeadingAnchorExtension.create());

  private Runbook() {}

  /** The whole page. */
  static String html() {
    Parser parser = Parser.builder().extensions(EXTENSIONS).build();
    HtmlRenderer renderer = HtmlRenderer.builder().extensions(EXTENSIONS).escapeHtml(true).build();
    return read("console/runbook.html")
        .replace("<!-- runbook -->", renderer.render(parser.parse(read("runbook.md"))));
  }

  private static String read(String resource) {
    try {
      return new ClassPathResource(resource).getContentAsString(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
