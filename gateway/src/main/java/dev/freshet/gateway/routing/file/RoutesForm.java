package dev.freshet.gateway.routing.file;

import dev.freshet.file.FileForm;

/** The forms of the files with routes, as JSON Schemas that editors can use. */
public final class RoutesForm {

  /** Of {@code routes.yaml}. */
  public static final FileForm ROUTES = FileForm.of(RoutesForm.class, "routes.schema.json");

  /** Of {@code routes.test.yaml}. */
  static final FileForm TESTS = FileForm.of(RoutesForm.class, "routes.test.schema.json");

  private RoutesForm() {}
}
