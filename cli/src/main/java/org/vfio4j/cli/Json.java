// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;

/** Writes a command's answer as JSON. */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Writes one document. */
    @FunctionalInterface
    public interface Document {
        /** Writes the document's content. */
        void write(JsonGenerator json) throws IOException;
    }

    /** Prints a document, ended by a new line. */
    public static void print(PrintWriter out, Document document) {
        try (var json = FACTORY.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            document.write(json);
            json.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the answer could not be written as JSON", e);
        }
        out.println();
    }

    /** A string, or null. */
    public static void stringOrNull(JsonGenerator json, String name, java.util.Optional<String> value)
            throws IOException {
        if (value.isPresent()) {
            json.writeStringField(name, value.get());
        } else {
            json.writeNullField(name);
        }
    }

    /** A number, or null. */
    public static void numberOrNull(JsonGenerator json, String name, java.util.OptionalInt value) throws IOException {
        if (value.isPresent()) {
            json.writeNumberField(name, value.getAsInt());
        } else {
            json.writeNullField(name);
        }
    }
}
