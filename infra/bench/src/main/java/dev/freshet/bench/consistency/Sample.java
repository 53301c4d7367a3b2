package dev.freshet.bench.consistency;

import dev.freshet.bench.process.ProjectHome;
import java.nio.file.Path;

/** Which of the samples a system runs. */
enum Sample {
  /** Orders, in tables. */
  RESTAURANT("infra/restaurant", "/menu", 4, ""),
  /** Accounts, in events, which may be followed. */
  BANK(
      "infra/bank",
      "/totals",
      3,
      "  - { id: events, path: /events, read: { pool: readers, events: true }, access: public }\n");

  private final String folder;
  private final String probe;
  private final int models;
  private final String routes;

  Sample(String folder, String probe, int models, String routes) {
    this.folder = folder;
    this.probe = probe;
    this.models = models;
    this.routes = routes;
  }

  /** A part of its folder. */
  String folder(String part) {
    return path().resolve(part).toString();
  }

  private Path path() {
    return ProjectHome.path().resolve(folder);
  }

  /** The path of a read model, which answers once everything serves. */
  String probe() {
    return probe;
  }

  /** How many read models it has. */
  int models() {
    return models;
  }

  /** Its routes beside one for everything. */
  String routes() {
    return routes;
  }
}
