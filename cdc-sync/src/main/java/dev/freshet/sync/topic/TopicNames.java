package dev.freshet.sync.topic;

/** What Kafka lets topics be called. */
final class TopicNames {

  private static final int LONGEST = 249;

  private TopicNames() {}

  /** The name with what Kafka does not take as underscores. */
  static String valid(String name) {
    String valid = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return valid.length() <= LONGEST
        ? valid
        : valid.substring(0, LONGEST - 9) + "_%08x".formatted(name.hashCode());
  }
}
