// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.vfio4j.spi.host.Host;

/** {@code /sys/devices}: the real directories, nested as the devices' paths say. */
@Singleton
final class DevicesFolders {
    /** Directories that collect devices of many kinds, of which only some are ours. */
    private static final Set<String> SHARED = Set.of("virtual", "platform", "misc");

    private final Host host;
    private final DeviceFolders devices;
    private final ClassFolders classes;
    private final MdevFolders mdev;

    @Inject
    DevicesFolders(Host host, DeviceFolders devices, ClassFolders classes, MdevFolders mdev) {
        this.host = host;
        this.devices = devices;
        this.classes = classes;
        this.mdev = mdev;
    }

    private Stream<Place> places() {
        var onBuses = host.buses().stream()
                .flatMap(bus -> bus.devices().stream())
                .map(device -> new Place(device.sysfsPath(), entries -> devices.fill(device, entries)));
        return Stream.of(onBuses, mdev.places(), classes.places()).flatMap(places -> places);
    }

    /** The directory at a path below {@code /sys}. */
    Folder at(String path) {
        String below = path + "/";
        return new Listing(
                () -> Stream.concat(
                        own(path).names().stream(),
                        places().map(Place::path)
                                .filter(place -> place.startsWith(below))
                                .map(place -> first(place.substring(below.length())))),
                name -> own(path).child(name).or(() -> within(below + name)));
    }

    private Entries own(String path) {
        var entries = new Entries();
        places().filter(place -> place.path().equals(path))
                .forEach(place -> place.content().accept(entries));
        return entries;
    }

    private Optional<Folder> within(String path) {
        return places().map(Place::path).anyMatch(place -> place.equals(path) || place.startsWith(path + "/"))
                ? Optional.of(at(path))
                : Optional.empty();
    }

    private static String first(String path) {
        int slash = path.indexOf('/');
        return slash < 0 ? path : path.substring(0, slash);
    }

    /** The topmost directories that hold nothing but ours, without a slash in front. */
    Stream<String> roots() {
        return places().map(Place::path).map(DevicesFolders::root).distinct();
    }

    private static String root(String path) {
        var root = new StringBuilder("devices");
        for (var name : path.substring("/devices/".length()).split("/", -1)) {
            root.append('/').append(name);
            if (!SHARED.contains(name)) {
                break;
            }
        }
        return root.toString();
    }
}
