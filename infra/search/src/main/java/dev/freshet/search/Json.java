package dev.freshet.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as text: written as PostgreSQL writes it, and cut up without being rewritten. */
public final class Json {

  private Json() {}

  /** A string, with what PostgreSQL's {@code to_json} escapes, and nothing else. */
  public static String string(String text) {
    StringBuilder json = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\b' -> json.append("\\b");
        case '\f' -> json.append("\\f");
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        default -> {
          if (c < ' ') {
            json.append("\\u%04x".formatted((int) c));
          } else {
            json.append(c);
          }
        }
      }
    }
    return json.append('"').toString();
  }

  /** An array of strings, with null for what there is not. */
  public static String texts(List<? extends @Nullable String> texts) {
    StringBuilder array = new StringBuilder("[");
    for (String text : texts) {
      array.append(array.length() == 1 ? "" : ",").append(text == null ? "null" : string(text));
    }
    return array.append(']').toString();
  }

  /** What {@link #texts} wrote. */
  public static List<@Nullable String> ofTexts(String array) {
    List<@Nullable String> texts = new ArrayList<>();
    for (String element : elements(array)) {
      texts.add(element.equals("null") ? null : text(element));
    }
    return texts;
  }

  /**
   * The members of an object, each value as it stands there. Of two of a name the later one counts.
   *
   * @param object well formed
   */
  public static Map<String, String> members(String object) {
    Map<String, String> members = new LinkedHashMap<>();
    int at = behindSpace(object, behindSpace(object, 0) + 1);
    while (object.charAt(at) != '}') {
      int end = end(object, at);
      String name = text(object.substring(at, end));
      at = behindSpace(object, end) + 1; // the colon
      at = behindSpace(object, at);
      end = end(object, at);
      members.put(name, object.substring(at, end));
      at = behindSpace(object, end);
      if (object.charAt(at) == ',') {
        at = behindSpace(object, at + 1);
      }
    }
    return members;
  }

  /**
   * The elements of an array, each as it stands there.
   *
   * @param array well formed
   */
  public static List<String> elements(String array) {
    List<String> elements = new ArrayList<>();
    int at = behindSpace(array, behindSpace(array, 0) + 1);
    while (array.charAt(at) != ']') {
      int end = end(array, at);
      elements.add(array.substring(at, end));
      at = behindSpace(array, end);
      if (array.charAt(at) == ',') {
        at = behindSpace(array, at + 1);
      }
    }
    return elements;
  }

  /**
   * What a string says.
   *
   * @param string well formed, with its quotes
   */
  public static String text(String string) {
    int at = string.indexOf('\\');
    if (at < 0) {
      return string.substring(1, string.length() - 1);
    }
    StringBuilder text = new StringBuilder(string.length());
    for (int i = 1; i < string.length() - 1; i++) {
      char c = string.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char escaped = string.charAt(++i);
      switch (escaped) {
        case 'b' -> text.append('\b');
        case 'f' -> text.append('\f');
        case 'n' -> text.append('\n');
        case 'r' -> text.append('\r');
        case 't' -> text.append('\t');
        case 'u' -> {
          text.append((char) Integer.parseInt(string.substring(i + 1, i + 5), 16));
          i += 4;
        }
        default -> text.append(escaped);
      }
    }
    return text.toString();
  }

  private static int behindSpace(String json, int from) {
    int at = from;
    while (at < json.length() && json.charAt(at) <= ' ') {
      at++;
    }
    return at;
  }

  /** Behind the value that begins there. */
  private static int end(String json, int begin) {
    int depth = 0;
    int at = begin;
    while (at < json.length()) {
      char c = json.charAt(at);
      switch (c) {
        case '"' -> {
          at = behindString(json, at);
          if (depth == 0) {
            return at;
          }
          continue;
        }
        case '{', '[' -> depth++;
        case '}', ']' -> {
          if (depth == 0) {
            return at; // of what it stands in
          }
          if (--depth == 0) {
            return at + 1;
          }
        }
        default -> {
          if (depth == 0 && (c == ',' || c <= ' ')) {
            return at;
          }
        }
      }
      at++;
    }
    return at;
  }

  private static int behindString(String json, int quote) {
    int at = quote + 1;
    while (json.charAt(at) != '"') {
      at += json.charAt(at) == '\\' ? 2 : 1;
    }
    return at + 1;
  }
}
