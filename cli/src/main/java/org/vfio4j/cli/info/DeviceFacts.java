// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.info;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.pci.PciFunction;

/** Facts by kind of device. */
public final class DeviceFacts {
    private DeviceFacts() {}

    /** What the device's bus tells; empty for a bus this command does not know. */
    public static List<Fact> of(BusDevice device) {
        return switch (device) {
            case PciFunction function -> PciFacts.of(function);
            case MdevDevice mdev -> mdev(mdev);
            case McObject object -> object(object);
            default -> List.of();
        };
    }

    private static List<Fact> mdev(MdevDevice device) {
        return List.of(
                new Fact("parent", device.parent().name()),
                new Fact("type", device.type().name() + " (" + device.type().prettyName() + ")"),
                new Fact("device API", device.type().deviceApi()));
    }

    private static List<Fact> object(McObject object) {
        var facts = new ArrayList<Fact>();
        facts.add(new Fact("object", object.type() + " " + object.id()));
        var container = object.container();
        facts.add(new Fact("container", container == null ? "none, this is the root" : container.name()));
        facts.add(new Fact("interrupts", String.valueOf(object.irqCount())));
        for (var i = 0; i < object.regions().size(); i++) {
            var region = object.regions().get(i);
            facts.add(new Fact(
                    "region " + i,
                    region.kind().toString().toLowerCase(Locale.ROOT).replace('_', ' ') + ", " + region.size()
                            + " bytes" + (region.cacheable() ? ", cacheable" : "")
                            + (region.shareable() ? ", shareable" : "")));
        }
        for (var child : object.children()) {
            facts.add(new Fact("holds", child.name()));
        }
        return facts;
    }
}
