// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.lang.reflect.Field;
import java.util.BitSet;
import java.util.Map;

/** Counts of the core that nobody but a test wants to see. */
public final class CoreCounts {
    private CoreCounts() {}

    /** Adds what a registered device and its group count. */
    public static void add(CoreDevice device, Map<String, Object> counts) {
        var name = device.busDevice().name();
        var group = device.group();
        counts.put(name + " registration", device.registration().count());
        counts.put(name + " open", device.openCount());
        for (var field : new String[] {"fileUses", "cdevOpens"}) {
            counts.put(group + " " + field, value(group, field));
        }
        var attachment = value(group, "attachment");
        counts.put(group + " containerUsers", value(attachment, "containerUsers"));
        counts.put(group + " container", value(attachment, "container") != null);
        counts.put(group + " iommufd", value(attachment, "iommufd") != null);
        var registry = (DeviceRegistry) value(device, "registry");
        counts.put("device sets", registry.sets().size());
        counts.put("device indexes", ((BitSet) value(registry.indexes(), "used")).cardinality());
    }

    @SuppressWarnings("NullAway") // Some of these fields are null now and then.
    private static Object value(Object object, String name) {
        try {
            Field field = object.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
