package dev.freshet.sync.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text of a {@code pg_node_tree}.
 *
 * <p>The format is that of PostgreSQL's {@code outfuncs.c} and {@code read.c}: {@code {NAME :field
 * value …}} is a node, {@code (…)} a list, {@code <>} nothing, {@code "…"} a text; a backslash
 * takes the next character as it is. Which fields a node has differs by version; all are kept.
 */
final class NodeReader {

  private final String text;
  private int at;

  private NodeReader(String text) {
    this.text = text;
  }

  /**
   * Reads a tree.
   *
   * @return the nodes of the outermost list, or the one node that there is
   * @throws IllegalArgumentException when it is no such text
   */
  static List<Node> read(String text) {
    NodeReader reader = new NodeReader(text);
    Object value = reader.value();
    reader.skipSpace();
    if (reader.at != text.length()) {
      throw reader.unexpected();
    }
    return Node.nodesIn(value);
  }

  private @Nullable Object value() {
    skipSpace();
    if (at >= text.length()) {
      throw unexpected();
    }
    if (text.charAt(at) == '{') {
      return node();
    }
    if (text.charAt(at) == '(') {
      return list();
    }
    if (text.charAt(at) == '[') {
      return bytes();
    }
    String token = token();
    return token.equals("<>") ? null : token;
  }

  private Node node() {
    at++;
    String name = token();
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    while (!isAt('}')) {
      String field = token();
      if (!field.startsWith(":")) {
        throw unexpected();
      }
      fields.put(field.substring(1), value());
      // A constant's value is its length, then its bytes.
      if (isAt('[')) {
        fields.put(field.substring(1), bytes());
      }
    }
    at++;
    return new Node(name, fields);
  }

  private List<@Nullable Object> list() {
    at++;
    List<@Nullable Object> values = new ArrayList<>();
    while (!isAt(')')) {
      values.add(value());
    }
    at++;
    return values;
  }

  private String bytes() {
    int end = text.indexOf(']', at);
    if (end < 0) {
      throw unexpected();
    }
    String bytes = text.substring(at, end + 1);
    at = end + 1;
    return bytes;
  }

  private boolean isAt(char expected) {
    skipSpace();
    if (at >= text.length()) {
      throw unexpected();
    }
    return text.charAt(at) == expected;
  }

  private String token() {
    skipSpace();
    StringBuilder token = new StringBuilder();
    boolean quoted = at < text.length() && text.charAt(at) == '"';
    if (quoted) {
      at++;
    }
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next == '\\' && at + 1 < text.length()) {
        token.append(text.charAt(at + 1));
        at += 2;
        continue;
      }
      if (quoted ? next == '"' : " \n\t(){}".indexOf(next) >= 0) {
        break;
      }
      token.append(next);
      at++;
    }
    if (quoted) {
      at++;
    } else if (token.isEmpty()) {
      throw unexpected();
    }
    return token.toString();
  }

  private void skipSpace() {
    while (at < text.length() && " \n\t".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException unexpected() {
    return new IllegalArgumentException(
        "No query tree at %d: %s"
            .formatted(at, text.substring(Math.max(0, at - 20), Math.min(text.length(), at + 20))));
  }
}
