// SPDX-License-Identifier: Apache-2.0
/**
 * A third party's device in three parts, each found as a service: the hardware ({@link com.example.adder.AdderModelProvider},
 * for the embedded machine), its VFIO bus driver ({@link com.example.adder.AcmeDriverProvider}), and a user-space driver that
 * makes it move data ({@link com.example.adder.AdderExercise}).
 */
package com.example.adder;
