// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.BackendView;
import org.vfio4j.OpenOptions;
import org.vfio4j.Vfio;

/**
 * A way to open a device: a backend, and a path with a container type.
 *
 * @param backend name of the backend
 * @param label short text for people, for example {@code type1v2 group}
 * @param options what to give {@link Vfio#open(String, OpenOptions)}
 */
public record OpenWay(String backend, String label, OpenOptions options) {
    /** Every way the loaded backends offer, whether or not a given device can be opened that way. */
    public static List<OpenWay> all(Vfio vfio) {
        var ways = new ArrayList<OpenWay>();
        for (BackendView backend : vfio.backends()) {
            for (var type : backend.types()) {
                ways.add(new OpenWay(backend.name(), type.name() + " group", OpenOptions.container(type.number())));
            }
            if (backend.iommufd()) {
                ways.add(new OpenWay(backend.name(), backend.name() + " cdev", OpenOptions.cdev()));
                ways.add(new OpenWay(backend.name(), backend.name() + " group", OpenOptions.groupIommufd()));
            }
        }
        return ways;
    }

    @Override
    public String toString() {
        return label;
    }
}
