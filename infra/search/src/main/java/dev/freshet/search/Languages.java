package dev.freshet.search;

import java.util.Map;

/** The rules of languages: what OpenSearch has for a text search configuration of PostgreSQL. */
final class Languages {

  /**
   * By <a href="https://docs.opensearch.org/latest/analyzers/language-analyzers/index/">name</a>.
   */
  private static final Map<String, String> SAME =
      Map.ofEntries(
          Map.entry("arabic", "arabic"),
          Map.entry("armenian", "armenian"),
          Map.entry("basque", "basque"),
          Map.entry("catalan", "catalan"),
          Map.entry("danish", "danish"),
          Map.entry("dutch", "dutch"),
          Map.entry("english", "english"),
          Map.entry("estonian", "estonian"),
          Map.entry("finnish", "finnish"),
          Map.entry("french", "french"),
          Map.entry("german", "german"),
          Map.entry("greek", "greek"),
          Map.entry("hindi", "hindi"),
          Map.entry("hungarian", "hungarian"),
          Map.entry("indonesian", "indonesian"),
          Map.entry("irish", "irish"),
          Map.entry("italian", "italian"),
          Map.entry("lithuanian", "lithuanian"),
          Map.entry("norwegian", "norwegian"),
          Map.entry("portuguese", "portuguese"),
          Map.entry("romanian", "romanian"),
          Map.entry("russian", "russian"),
          Map.entry("spanish", "spanish"),
          Map.entry("swedish", "swedish"),
          Map.entry("turkish", "turkish"));

  /** Words as they are, in small letters; so PostgreSQL's {@code simple} has them, too. */
  private static final String PLAIN = "standard";

  /** PostgreSQL's configuration without any rules, which no analyzer has to know. */
  private static final String NO_LANGUAGE = "simple";

  private Languages() {}

  /** Whether words are searched by the rules that a configuration stands for. */
  static boolean isKnown(String configuration) {
    return configuration.equals(NO_LANGUAGE) || SAME.containsKey(configuration);
  }

  /** The analyzer for a configuration; one that is not known is searched without stems. */
  static String analyzer(String configuration) {
    return SAME.getOrDefault(configuration, PLAIN);
  }
}
