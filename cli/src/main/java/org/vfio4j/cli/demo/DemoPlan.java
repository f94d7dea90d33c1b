// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.demo;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.vfio4j.BackendView;
import org.vfio4j.DeviceView;
import org.vfio4j.GroupView;
import org.vfio4j.OpenOptions;
import org.vfio4j.Vfio;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Chooses what the demonstration tries on a machine. */
public final class DemoPlan {
    private final Vfio vfio;
    private final List<DeviceExercise> exercises;

    /** A plan for a running machine, with the exercises of the module path. */
    public DemoPlan(Vfio vfio) {
        this.vfio = vfio;
        this.exercises = ServiceLoader.load(DeviceExercise.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    /**
     * Every way of the chosen backends for every chosen device.
     *
     * @param backends names; empty for all
     * @param devices names; empty for one device of each bus, kind of translation and viability that an
     *     exercise can drive or that must be refused
     * @throws VfioException ENOENT for a backend that is not there, ENODEV for a device that is not there, has no VFIO driver
     *     or that nothing knows how to drive
     */
    public List<Combination> combinations(List<String> backends, List<String> devices) {
        var chosenBackends = backends(backends);
        var chosenDevices = devices.isEmpty() ? representatives() : named(devices);
        Map<Integer, GroupView> groups =
                vfio.groups().stream().collect(Collectors.toMap(GroupView::number, Function.identity()));
        var combinations = new ArrayList<Combination>();
        for (var device : chosenDevices) {
            var group = Objects.requireNonNull(
                    groups.get(device.group().orElseThrow()), () -> device.name() + " is in a group that is gone");
            var exercise = exercise(device);
            for (var backend : chosenBackends) {
                for (var way : Way.of(backend)) {
                    var refusal = ExpectedRefusal.of(
                            device,
                            group,
                            way.options().path(),
                            way.options().containerType().orElse(0));
                    if (exercise.isEmpty() && refusal.isEmpty()) {
                        throw new VfioException(
                                Errno.ENODEV,
                                "nothing on the module path knows how to make " + device.name() + " ("
                                        + device.description() + ") move data");
                    }
                    combinations.add(new Combination(
                            backend.name(), way.name(), way.options(), device, group, exercise, refusal));
                }
            }
        }
        return combinations;
    }

    private record Way(String name, OpenOptions options) {
        static List<Way> of(BackendView backend) {
            var ways = new ArrayList<Way>();
            for (var type : backend.types()) {
                ways.add(new Way(type.name() + " group", OpenOptions.container(type.number())));
            }
            if (backend.iommufd()) {
                ways.add(new Way(backend.name() + " cdev", OpenOptions.cdev()));
                ways.add(new Way(backend.name() + " group", OpenOptions.groupIommufd()));
            }
            return ways;
        }
    }

    private List<BackendView> backends(List<String> names) {
        var found = vfio.backends();
        if (names.isEmpty()) {
            if (found.isEmpty()) {
                throw new VfioException(Errno.ENOENT, "no IOMMU backend is on the module path");
            }
            return found;
        }
        var chosen = new ArrayList<BackendView>();
        for (var name : names) {
            chosen.add(found.stream()
                    .filter(backend -> backend.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new VfioException(
                            Errno.ENOENT,
                            "no backend \"" + name + "\" on the module path; there is "
                                    + (found.isEmpty()
                                            ? "none"
                                            : found.stream()
                                                    .map(BackendView::name)
                                                    .collect(Collectors.joining(", "))))));
        }
        return chosen;
    }

    private List<DeviceView> named(List<String> names) {
        var chosen = new ArrayList<DeviceView>();
        for (var name : names) {
            var device = vfio.device(name);
            if (device.index().isEmpty()) {
                throw new VfioException(
                        Errno.ENODEV,
                        device.name() + " has "
                                + device.driver()
                                        .map(driver -> "the native driver " + driver)
                                        .orElse("no driver")
                                + "; bind it to a VFIO driver first");
            }
            chosen.add(device);
        }
        return chosen;
    }

    private List<DeviceView> representatives() {
        Map<Integer, GroupView> groups =
                vfio.groups().stream().collect(Collectors.toMap(GroupView::number, Function.identity()));
        var seen = new HashSet<List<Object>>();
        var chosen = new ArrayList<DeviceView>();
        for (var device : vfio.devices()) {
            var group = device.index().isPresent() && device.group().isPresent()
                    ? groups.get(device.group().getAsInt())
                    : null;
            if (group != null
                    && (exercise(device).isPresent() || !group.viable())
                    && seen.add(List.of(device.bus(), group.translation(), group.viable()))) {
                chosen.add(device);
            }
        }
        return chosen;
    }

    private Optional<DeviceExercise> exercise(DeviceView device) {
        return exercises.stream().filter(candidate -> candidate.drives(device)).findFirst();
    }
}
