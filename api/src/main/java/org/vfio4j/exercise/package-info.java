// SPDX-License-Identifier: Apache-2.0
/**
 * Exercises: small user-space drivers that make a kind of device move data, so that {@code vfio4j demo}, contract tests and
 * benchmarks can drive devices they do not know. A third party adds one for its device as a
 * {@link org.vfio4j.exercise.DeviceExercise} service.
 */
package org.vfio4j.exercise;
