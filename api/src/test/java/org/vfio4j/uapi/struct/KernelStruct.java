// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.vfio4j.uapi.UapiTable;

/** A struct as the headers define it. */
record KernelStruct(String name, int sizeof, List<Field> fields) {

    /**
     * One field.
     *
     * @param offset bytes from the start of the struct
     * @param size bytes, 0 for an array of open length at the end
     * @param type the C type of the field or of its elements
     * @param array the number of elements, "flex", or "" if the field is no array
     */
    record Field(String name, int offset, int size, String type, String array) {
        String constantName() {
            return bareName().toUpperCase(Locale.ROOT);
        }

        String accessorName() {
            String camel = camelCase(bareName());
            return camel.substring(0, 1).toLowerCase(Locale.ROOT) + camel.substring(1);
        }

        boolean isArray() {
            return !array.isEmpty();
        }

        boolean isFlexible() {
            return array.equals("flex");
        }

        boolean isStruct() {
            return type.startsWith("struct ");
        }

        /** Elements of an array of fixed length. */
        int count() {
            return Integer.parseInt(array);
        }

        private String bareName() {
            return name.replaceFirst("^_+", "");
        }
    }

    /** All structs, in the headers' order. */
    static List<KernelStruct> all() {
        List<UapiTable.Row> types = UapiTable.rows("uapi-field-types");
        List<UapiTable.Row> layouts = UapiTable.rows("uapi-structs");
        Map<String, KernelStruct> structs = new LinkedHashMap<>();
        for (int i = 0; i < layouts.size(); i++) {
            UapiTable.Row layout = layouts.get(i);
            UapiTable.Row type = types.get(i);
            String name = layout.cell("struct");
            String field = layout.cell("field");
            if (!type.cell("struct").equals(name) || !type.cell("field").equals(field)) {
                throw new IllegalStateException("the tables part at row " + i + ": " + layout + ", " + type);
            }
            int sizeof = Integer.parseInt(layout.cell("sizeof"));
            structs.computeIfAbsent(name, _ -> new KernelStruct(name, sizeof, new ArrayList<>()))
                    .fields
                    .add(new Field(
                            field,
                            Integer.parseInt(layout.cell("offset")),
                            Integer.parseInt(layout.cell("size")),
                            type.cell("ctype"),
                            type.cell("array")));
        }
        return List.copyOf(structs.values());
    }

    static KernelStruct named(String name) {
        return all().stream()
                .filter(struct -> struct.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the headers have no struct " + name));
    }

    String className() {
        return camelCase(name);
    }

    Class<?> javaClass() {
        try {
            return Class.forName(KernelStruct.class.getPackageName() + '.' + className());
        } catch (ClassNotFoundException e) {
            throw new AssertionError("struct " + name + " has no class", e);
        }
    }

    @Override
    public String toString() {
        return name;
    }

    private static String camelCase(String name) {
        return Arrays.stream(name.split("_"))
                .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                .collect(Collectors.joining());
    }
}
